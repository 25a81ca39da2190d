-- WITHOUT ROWID is added by hand. It saves the second row of each write.
CREATE TABLE `invitation_redemptions` (
	`invitation_id` text NOT NULL,
	`user_id` text NOT NULL,
	PRIMARY KEY(`invitation_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `invitation_redemptions` (`invitation_id`, `user_id`)
SELECT `invitation_id`, `user_id` FROM `library_members` WHERE `invitation_id` IS NOT NULL;
--> statement-breakpoint
DROP TRIGGER `library_members_insert_joiner`;
--> statement-breakpoint
DROP TRIGGER `library_members_update_joiner`;
--> statement-breakpoint
CREATE TRIGGER `library_members_insert_redemption` AFTER INSERT ON `library_members`
WHEN NEW.`invitation_id` IS NOT NULL
BEGIN
  INSERT INTO `invitation_redemptions` (`invitation_id`, `user_id`) VALUES (NEW.`invitation_id`, NEW.`user_id`);
END;
--> statement-breakpoint
-- Joining again by the same invitation costs no place.
CREATE TRIGGER `library_members_update_redemption` AFTER UPDATE OF `joined_at` ON `library_members`
WHEN NEW.`invitation_id` IS NOT NULL
BEGIN
  INSERT INTO `invitation_redemptions` (`invitation_id`, `user_id`)
  SELECT NEW.`invitation_id`, NEW.`user_id` WHERE NOT EXISTS (SELECT 1 FROM `invitation_redemptions`
    WHERE `invitation_id` = NEW.`invitation_id` AND `user_id` = NEW.`user_id`);
END;
--> statement-breakpoint
CREATE TRIGGER `invitation_redemptions_count` AFTER INSERT ON `invitation_redemptions`
BEGIN
  UPDATE `library_invitations` SET `joiner_count` = `joiner_count` + 1 WHERE `id` = NEW.`invitation_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `library_invitations_delete_redemptions` AFTER DELETE ON `library_invitations`
BEGIN
  DELETE FROM `invitation_redemptions` WHERE `invitation_id` = OLD.`id`;
END;
