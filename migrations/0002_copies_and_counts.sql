-- Written by hand: drizzle knows no triggers. See docs/decisions/0012.
-- Links hold copies of two columns of their asset.
CREATE TRIGGER `assets_to_links` AFTER UPDATE OF `local_us`, `trashed_at` ON `assets`
WHEN NEW.`album_count` > 0 AND (NEW.`local_us` IS NOT OLD.`local_us` OR NEW.`trashed_at` IS NOT OLD.`trashed_at`)
BEGIN
  UPDATE `album_assets` SET `local_us` = NEW.`local_us`, `trashed_at` = NEW.`trashed_at` WHERE `asset_id` = NEW.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_to_stacks` AFTER UPDATE OF `stack_id`, `trashed_at` ON `assets`
WHEN NEW.`stack_id` IS NOT OLD.`stack_id` OR (NEW.`trashed_at` IS NULL) <> (OLD.`trashed_at` IS NULL)
BEGIN
  UPDATE `stacks` SET `member_count` = `member_count` - 1, `asset_count` = `asset_count` - (OLD.`trashed_at` IS NULL)
    WHERE `id` = OLD.`stack_id`;
  UPDATE `stacks` SET `member_count` = `member_count` + 1, `asset_count` = `asset_count` + (NEW.`trashed_at` IS NULL)
    WHERE `id` = NEW.`stack_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `assets_from_stacks` AFTER DELETE ON `assets` WHEN OLD.`stack_id` IS NOT NULL
BEGIN
  UPDATE `stacks` SET `member_count` = `member_count` - 1, `asset_count` = `asset_count` - (OLD.`trashed_at` IS NULL)
    WHERE `id` = OLD.`stack_id`;
END;
