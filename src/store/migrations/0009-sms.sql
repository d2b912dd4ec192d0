-- Text messages: the provider tells that it took one before it tells what became of it.
alter table delivery_events drop constraint delivery_events_kind_check;
alter table delivery_events add constraint delivery_events_kind_check check (kind in (
  'accepted', 'delivered', 'delayed', 'bounced', 'failed', 'complained', 'opened', 'clicked', 'replied', 'unsubscribed',
  'resubscribed', 'help'
));
