-- Member counts of stacks. See docs/decisions/0012.
CREATE TRIGGER `assets_update_stack_counts` AFTER UPDATE OF `stack_id`, `trashed_at` ON `assets`
WHEN NEW.`stack_id` IS NOT OLD.`stack_id` OR (NEW.`trashed_at` IS NULL) <> (OLD.`trashed_at` IS NULL)
BEGIN
  UPDATE `stacks` SET `member_count` = `member_count` - 1, `asset_count` = `asset_count` - (OLD.`trashed_at` IS NULL)
    WHERE `id` = OLD.`stack_id`;
  UPDATE `stacks` SET `member_count` = `member_count` + 1, `asset_count` = `asset_count` + (NEW.`trashed_at` IS NULL)
    WHERE `id` = NEW.`stack_id`;
END;
--> statement-breakpoint
-- A stack with one member left is deleted. The member gets the updated_at of the stack, set by the deletion.
CREATE TRIGGER `assets_delete_stack_counts` AFTER DELETE ON `assets` WHEN OLD.`stack_id` IS NOT NULL
BEGIN
  UPDATE `stacks` SET `member_count` = `member_count` - 1, `asset_count` = `asset_count` - (OLD.`trashed_at` IS NULL)
    WHERE `id` = OLD.`stack_id`;
  UPDATE `assets` SET `stack_id` = NULL, `updated_at` = (SELECT `updated_at` FROM `stacks` WHERE `id` = OLD.`stack_id`)
    WHERE `library_id` = OLD.`library_id` AND `stack_id` = OLD.`stack_id`
      AND (SELECT `member_count` FROM `stacks` WHERE `id` = OLD.`stack_id`) < 2;
  DELETE FROM `stacks` WHERE `id` = OLD.`stack_id` AND `member_count` < 1;
END;
