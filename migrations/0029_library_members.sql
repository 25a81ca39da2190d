CREATE TABLE `library_invitations` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`role` text NOT NULL,
	`max_joiners` integer NOT NULL,
	`joiner_count` integer DEFAULT 0 NOT NULL,
	`expires_at` integer NOT NULL,
	`disabled_at` integer,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `library_invitations_by_policy` ON `library_invitations` (`library_id`,`role`,`max_joiners`,`expires_at`);--> statement-breakpoint
CREATE TABLE `library_members` (
	`id` text PRIMARY KEY NOT NULL,
	`library_id` text NOT NULL,
	`user_id` text NOT NULL,
	`role` text NOT NULL,
	`state` text NOT NULL,
	`invitation_id` text,
	`joined_at` integer NOT NULL,
	`ended_at` integer,
	`last_removed_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `library_members_by_library` ON `library_members` (`library_id`,`user_id`);--> statement-breakpoint
CREATE INDEX `library_members_active` ON `library_members` (`user_id`,`library_id`,`role`) WHERE "state" = 'active';
--> statement-breakpoint
INSERT INTO `library_members` (`id`, `library_id`, `user_id`, `role`, `state`, `joined_at`, `created_at`, `updated_at`)
SELECT 'member_' || substr(`id`, 5), `id`, `user_id`, 'owner', 'active', `created_at`, `created_at`, `created_at` FROM `libraries`;
--> statement-breakpoint
-- The owner is a member too. The id of the row has the UUID of the library.
CREATE TRIGGER `libraries_insert_owner` AFTER INSERT ON `libraries`
BEGIN
  INSERT INTO `library_members` (`id`, `library_id`, `user_id`, `role`, `state`, `joined_at`, `created_at`, `updated_at`)
  VALUES ('member_' || substr(NEW.`id`, 5), NEW.`id`, NEW.`user_id`, 'owner', 'active', NEW.`created_at`, NEW.`created_at`, NEW.`created_at`);
END;
--> statement-breakpoint
CREATE TRIGGER `libraries_delete_members` AFTER DELETE ON `libraries`
BEGIN
  DELETE FROM `library_invitations` WHERE `library_id` = OLD.`id`;
  DELETE FROM `library_members` WHERE `library_id` = OLD.`id`;
END;
--> statement-breakpoint
-- Counts each user once in a row: joining again with the invitation of the last join costs no place.
CREATE TRIGGER `library_members_insert_joiner` AFTER INSERT ON `library_members`
WHEN NEW.`invitation_id` IS NOT NULL
BEGIN
  UPDATE `library_invitations` SET `joiner_count` = `joiner_count` + 1 WHERE `id` = NEW.`invitation_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `library_members_update_joiner` AFTER UPDATE OF `invitation_id` ON `library_members`
WHEN NEW.`invitation_id` IS NOT NULL AND NEW.`invitation_id` IS NOT OLD.`invitation_id`
BEGIN
  UPDATE `library_invitations` SET `joiner_count` = `joiner_count` + 1 WHERE `id` = NEW.`invitation_id`;
END;
