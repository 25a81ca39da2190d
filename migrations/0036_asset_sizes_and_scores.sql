ALTER TABLE `assets` ADD `quality_score` real;--> statement-breakpoint
ALTER TABLE `assets` ADD `current_size_bytes` integer;--> statement-breakpoint
UPDATE `assets` SET `current_size_bytes` =
    (SELECT v.`file_size_bytes` FROM `asset_versions` v WHERE v.`id` = `assets`.`current_version_id`)
  WHERE `original_version_id` IS NOT NULL;--> statement-breakpoint
-- The score of the metrics: docs/image-quality-metrics.md.
UPDATE `assets` SET `quality_score` = (
  SELECT round(
      pow(1 - exp(-max(sqrt(max(0.0, m.l * m.l - 30 * m.n * m.n)), min(2.5, 0.1 * m.l)) / 8), 0.45)
      * pow(exp(-m.n * m.n / 225), 0.25)
      * pow(max(0.0, min(1.0, m.e / 0.25, (1 - m.e) / 0.25)), 0.15)
      * pow(min(1.0, m.c / 0.12, m.b / 6.5), 0.1)
      * pow(exp(-2 * m.k), 0.05), 4)
    FROM (SELECT 1020 * json_extract(`metrics`, '$.sharpness') AS l, json_extract(`metrics`, '$.noise') AS n,
        json_extract(`metrics`, '$.exposure') AS e, json_extract(`metrics`, '$.contrast') AS c,
        json_extract(`metrics`, '$.entropy') AS b,
        json_extract(`metrics`, '$.clipped_shadows') + json_extract(`metrics`, '$.clipped_highlights') AS k) m)
  WHERE `metrics` IS NOT NULL;
