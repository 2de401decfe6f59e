-- Rows as a program of revision 0003 left them, one statement per table. Never changed once released.
INSERT INTO source_state VALUES ('fuzhou', '2026-11-01 00:30:00', '2026-11-01 00:31:00', '2026-11-01 06:30:00', 0);
INSERT INTO visit VALUES (1, 'fuzhou', '2026-11-01 00:30:00', '2026-11-01 00:31:00', 'fewer_than_expected', '', 1, 1, 1, 5000000000, 2, 0, 1, 0, 'watch', 12);
INSERT INTO fetch_record VALUES (1, 1, 'http://hr.example/1.html', 'ok', 200, 1234, '', '2026-11-01 00:30:10');
INSERT INTO document VALUES (1, 'http://hr.example/1.html', 'fuzhou', NULL, '招聘启事', '某某公司', '350100', '2026-10-30', '"one"', '', '2026-11-01 00:30:10', '2026-11-01 00:30:10');
INSERT INTO document_version VALUES (1, 1, '25cb4c3a36dc0b9cbfb5b1fcbd3ec9d3d4c2e9cd8e8f2a3b4f5c6d7e8f901234', '须持有会计从业资格证。', 'text/html', 'gb18030', 'recruitment', 'company', '{"number": null, "forwards": []}', '0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9', '202611/20261101-0123456789ab.warc.gz', '<urn:uuid:1>', 312, '2026-11-01 00:30:10');
INSERT INTO sighting VALUES (1, 1, 1, 1, '2026-11-01 00:30:10');
INSERT INTO "case" VALUES (1, '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8', 'notified', '会计从业资格', 'cancelled', 'required', 'cancelled_hiring_requirement', 'high', '某某公司', 'company', '350100', '招聘启事', 'http://hr.example/1.html', FALSE, NULL, '2026-11-01 00:30:11', '2026-11-01 00:30:11');
INSERT INTO case_event VALUES (1, 1, 'found', 'found', 'qualwatch', '', '2026-11-01 00:30:11');
INSERT INTO finding VALUES (1, 1, 1, 3, 10, '会计从业资格证', '须持有会计从业资格证。', '会计从业资格', 'cancelled', '2017-11-05', '', 'required', '须持有', 'cancelled_hiring_requirement', 'high', '["吉政办发〔2017〕54号"]', '', '', FALSE, FALSE, '2026-10-30', '2026-11-01 00:30:11');
INSERT INTO outbox_message VALUES (1, 'case:1:alert:li@example.com', 1, 'maildir', 'li@example.com', '李某', 'alert', '{"quote": "会计从业资格证"}', '<1@qualwatch.example>', 'waiting', 0, '2026-11-01 00:30:11', '', NULL, '', '2026-11-01 00:30:11', NULL);
INSERT INTO digest_item VALUES (1, 'li@example.com', '李某', '', 'case:1:opened', 1, 1, '2026-11-01 00:30:11', NULL);
INSERT INTO routing_rule VALUES (1, '会计从业资格', '220000', '省财政厅', '吉政办发〔2017〕54号附件1', '2026-11-01 00:30:11');
INSERT INTO source_trouble VALUES ('fuzhou', 'silent', '', '2026-11-01 00:31:00', NULL);
INSERT INTO backfill VALUES (1, 'fuzhou', '2026-01-01', '2026-11-01', 'http://hr.example/index_7.html', '2026-06-01', 7, 140, 120, 2, '2026-11-01 00:30:00', NULL);
INSERT INTO look_back VALUES (1, '2026-11-01 00:30:10', '2026-11-04 00:30:10', 'unchanged', '');
