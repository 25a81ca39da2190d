-- Written by hand: drizzle knows no triggers. See docs/decisions/0012.
-- What is stored, and how many assets there are: kept by whatever adds, changes or deletes one, trashed or not.
CREATE TRIGGER `assets_add_storage` AFTER INSERT ON `assets`
BEGIN
  UPDATE `users` SET `storage_used_bytes` = `storage_used_bytes` + NEW.`file_size_bytes` + NEW.`version_bytes`
    WHERE `id` = NEW.`user_id`;
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes` + NEW.`file_size_bytes` + NEW.`version_bytes`,
      `asset_count` = `asset_count` + 1
    WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_change_storage` AFTER UPDATE OF `file_size_bytes`, `version_bytes` ON `assets`
WHEN NEW.`file_size_bytes` + NEW.`version_bytes` <> OLD.`file_size_bytes` + OLD.`version_bytes`
BEGIN
  UPDATE `users` SET `storage_used_bytes` = `storage_used_bytes`
      + (NEW.`file_size_bytes` + NEW.`version_bytes`) - (OLD.`file_size_bytes` + OLD.`version_bytes`)
    WHERE `id` = NEW.`user_id`;
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes`
      + (NEW.`file_size_bytes` + NEW.`version_bytes`) - (OLD.`file_size_bytes` + OLD.`version_bytes`)
    WHERE `id` = NEW.`library_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_take_storage` AFTER DELETE ON `assets`
BEGIN
  UPDATE `users` SET `storage_used_bytes` = `storage_used_bytes` - OLD.`file_size_bytes` - OLD.`version_bytes`
    WHERE `id` = OLD.`user_id`;
  UPDATE `libraries` SET `storage_used_bytes` = `storage_used_bytes` - OLD.`file_size_bytes` - OLD.`version_bytes`,
      `asset_count` = `asset_count` - 1
    WHERE `id` = OLD.`library_id`;
END;
--> statement-breakpoint
-- Nothing that tells of an asset outlives it, but the event that says so.
CREATE TRIGGER `assets_forget` AFTER DELETE ON `assets`
BEGIN
  DELETE FROM `tasks` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `album_assets` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `asset_versions` WHERE `asset_id` = OLD.`id`;
  DELETE FROM `events` WHERE `entity_id` = OLD.`id` AND `event_type` <> 'asset_deleted';
END;
--> statement-breakpoint
-- As before, and a stack that is left with one member dissolves: its time is the stack's, which the deletion has set.
DROP TRIGGER `assets_from_stacks`;
--> statement-breakpoint
CREATE TRIGGER `assets_from_stacks` AFTER DELETE ON `assets` WHEN OLD.`stack_id` IS NOT NULL
BEGIN
  UPDATE `stacks` SET `member_count` = `member_count` - 1, `asset_count` = `asset_count` - (OLD.`trashed_at` IS NULL)
    WHERE `id` = OLD.`stack_id`;
  UPDATE `assets` SET `stack_id` = NULL, `updated_at` = (SELECT `updated_at` FROM `stacks` WHERE `id` = OLD.`stack_id`)
    WHERE `library_id` = OLD.`library_id` AND `stack_id` = OLD.`stack_id`
      AND (SELECT `member_count` FROM `stacks` WHERE `id` = OLD.`stack_id`) < 2;
  DELETE FROM `stacks` WHERE `id` = OLD.`stack_id` AND `member_count` < 1;
END;
