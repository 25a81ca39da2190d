-- Album memberships hold copies of two columns of their asset. See docs/decisions/0012.
CREATE TRIGGER `assets_copy_to_album_assets` AFTER UPDATE OF `local_us`, `trashed_at` ON `assets`
WHEN NEW.`album_count` > 0 AND (NEW.`local_us` IS NOT OLD.`local_us` OR NEW.`trashed_at` IS NOT OLD.`trashed_at`)
BEGIN
  UPDATE `album_assets` SET `local_us` = NEW.`local_us`, `trashed_at` = NEW.`trashed_at` WHERE `asset_id` = NEW.`id`;
END;
