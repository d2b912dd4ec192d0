-- What compares rows with what they were has both in tables without an index, and is planned once a connection, as a rule
-- for a single row: one by one, whatever moves ten thousand at once, such as the kill switch, would take minutes.

alter function book_moved() set enable_nestloop = off set enable_hashjoin = on;
alter function mark_moves() set enable_nestloop = off set enable_hashjoin = on;
