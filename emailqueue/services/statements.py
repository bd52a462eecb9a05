"""The statement that queues mails, one or a thousand, and the function in Postgres that keeps its plan."""

# A key that is there already adds nothing.
BODY = """#variable_conflict use_column
BEGIN RETURN QUERY
WITH asked AS (
  SELECT * FROM json_to_recordset($1) AS x(
    kind text, topic text, priority smallint, key text, fingerprint text, message_id text, sender text,
    destination text, subject text, text text, html text, headers jsonb, template text, variables jsonb,
    not_before_at timestamptz, expires_at timestamptz, next_attempt_at timestamptz, recipients jsonb)
), made AS (
  INSERT INTO emailqueue_email (
    kind, topic, priority, key, fingerprint, message_id, sender, destination, subject, text, html, headers, template,
    variables, state, created_at, not_before_at, expires_at, next_attempt_at, attempts, deferrals)
  SELECT kind, topic, priority, key, decode(fingerprint, 'hex'), message_id, sender, destination, subject, text, html,
    headers, template, variables, 'queued', $2, not_before_at, expires_at, next_attempt_at, 0, 0
  FROM asked
  ON CONFLICT (key) DO NOTHING
  RETURNING *
), people AS (
  INSERT INTO emailqueue_emailrecipient
    (email_id, address, place, state, changed_at, status, reply, provider_id)
  SELECT made.id, person ->> 0, person ->> 1, 'queued', made.created_at, '', '', ''
  FROM made JOIN asked USING (message_id), jsonb_array_elements(asked.recipients) AS person
), told AS (
  INSERT INTO emailqueue_emailevent (email_id, at, kind, address, status, detail)
  SELECT id, created_at, 'queued', '', '', '' FROM made
)
SELECT * FROM made;
END"""
FUNCTION = (
    "CREATE OR REPLACE FUNCTION emailqueue_enqueue(json, timestamptz) RETURNS SETOF emailqueue_email"
    f" LANGUAGE plpgsql AS $function${BODY}$function$"
)
# Planning took longer than writing the rows, and a prepared statement would belong to one connection, which PgBouncer
# hands on.
WHOLE = "SELECT * FROM emailqueue_enqueue(%s::json, %s::timestamptz)"
KEYS = "SELECT id, message_id FROM emailqueue_enqueue(%s::json, %s::timestamptz)"
