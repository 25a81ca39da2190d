-- A statement that sets a poster without its source is of an older release, which only clients and the first run of a
-- task do: the origin is unknown. This release never replaces a poster of the film by one of the same source.
CREATE TRIGGER `assets_update_poster_source` AFTER UPDATE OF `poster_version_id` ON `assets`
WHEN NEW.`poster_version_id` IS NOT OLD.`poster_version_id` AND NEW.`poster_source` IS OLD.`poster_source`
  AND NEW.`poster_source` <> 'client'
BEGIN
  UPDATE `assets` SET `poster_source` = NULL WHERE `id` = NEW.`id`;
END;
