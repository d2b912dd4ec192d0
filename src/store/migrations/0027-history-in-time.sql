-- How the risk of the whole book moved in some weeks is read by time, not by customer.
create index score_history_in_time on score_history (tenant_id, scored_at);
