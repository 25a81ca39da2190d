-- Months of single people only. Those of pairs would leave out the assets on which one of both is unpaired.
DROP TRIGGER `person_pairs_insert_month`;
--> statement-breakpoint
DROP TRIGGER `person_pairs_delete_month`;
--> statement-breakpoint
DROP TABLE `person_month_counts`;
--> statement-breakpoint
CREATE TABLE `person_month_counts` (
	`library_id` text NOT NULL,
	`person_id` text NOT NULL,
	`month` integer NOT NULL,
	`assets` integer NOT NULL,
	PRIMARY KEY(`library_id`, `person_id`, `month`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `person_month_counts` (`library_id`, `person_id`, `month`, `assets`)
SELECT `library_id`, `low_id`,
  CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
  count(*) FROM `person_pairs` WHERE `low_id` = `high_id` GROUP BY 1, 2, 3;
--> statement-breakpoint
CREATE TRIGGER `person_month_counts_delete_empty` AFTER UPDATE ON `person_month_counts` WHEN NEW.`assets` = 0
BEGIN
  DELETE FROM `person_month_counts` WHERE `library_id` = NEW.`library_id` AND `person_id` = NEW.`person_id`
    AND `month` = NEW.`month`;
END;
--> statement-breakpoint
CREATE TRIGGER `person_pairs_insert_month` AFTER INSERT ON `person_pairs` WHEN NEW.`low_id` = NEW.`high_id`
BEGIN
  INSERT INTO `person_month_counts` (`library_id`, `person_id`, `month`, `assets`)
  VALUES (NEW.`library_id`, NEW.`low_id`,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (NEW.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    1)
  ON CONFLICT DO UPDATE SET `assets` = `assets` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `person_pairs_delete_month` AFTER DELETE ON `person_pairs` WHEN OLD.`low_id` = OLD.`high_id`
BEGIN
  UPDATE `person_month_counts` SET `assets` = `assets` - 1
    WHERE `library_id` = OLD.`library_id` AND `person_id` = OLD.`low_id` AND `month` =
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (OLD.`local_us` + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER);
END;
