-- no-transaction
-- The sales of one store, the newest first: the day at the counter, page by page.
CREATE INDEX CONCURRENTLY IF NOT EXISTS sales_store ON sales (merchant_id, store_id, occurred_at DESC, sale_id DESC);
