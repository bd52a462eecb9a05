"""The statements of a round of reservations; `{members}` is the table of who is in which group."""

ACCOUNTS = """
WITH asked AS (SELECT * FROM unnest(%(resources)s::text[], %(windows)s::date[]) AS w(resource, window_on)),
member AS (
  SELECT DISTINCT m.group_id, m.user_id FROM {members} m JOIN quotas_subscription s ON s.group_id = m.group_id
  WHERE m.user_id = ANY(%(users)s)
)
SELECT a.id, a.user_id, a.group_id, a.resource, a.window_on, a.used, a.reserved, a.soft, a.hard, a.limits_end_at,
  a.soft_passed_at, a.grace_ends_at,
  ARRAY(SELECT m.user_id FROM member m WHERE m.group_id = a.group_id) AS members,
  (SELECT count(DISTINCT group_id) FROM member) AS groups
FROM quotas_account a JOIN asked w ON a.resource = w.resource AND a.window_on IS NOT DISTINCT FROM w.window_on
WHERE a.user_id = ANY(%(users)s)
   OR (a.user_id IS NULL AND (a.group_id IS NULL OR a.group_id IN (SELECT group_id FROM member)))
ORDER BY a.id FOR NO KEY UPDATE OF a
"""
# The whole round in one statement, for when all of it fits: the accounts are locked while Postgres works, and not while
# this process waits to be heard. It grants everything or, where anything is out of the ordinary, nothing. It lives in
# Postgres as a function, which keeps its plan: planning took longer than all the rest, and a prepared statement would
# belong to one connection, which PgBouncer hands on.
QUICK = """
WITH wished AS (
  SELECT * FROM unnest(%(user_ids)s::bigint[], %(keys)s::text[], %(slugs)s::text[], %(amounts)s::bigint[],
    %(objects)s::smallint[], %(leases)s::timestamptz[])
    WITH ORDINALITY AS w(user_id, key, resource, amount, objects, lease_ends_at, place)
),
asked AS (SELECT * FROM unnest(%(resources)s::text[], %(windows)s::date[]) AS w(resource, window_on)),
member AS (
  SELECT DISTINCT m.group_id, m.user_id FROM {members} m JOIN quotas_subscription s ON s.group_id = m.group_id
  WHERE m.user_id = ANY(%(users)s)
),
locked AS (
  SELECT a.id, a.user_id, a.group_id, a.resource, a.used + a.reserved AS taken, a.hard, a.soft, a.limits_end_at,
    a.soft_passed_at
  FROM quotas_account a JOIN asked w ON a.resource = w.resource AND a.window_on IS NOT DISTINCT FROM w.window_on
  WHERE a.user_id = ANY(%(users)s)
     OR (a.user_id IS NULL AND (a.group_id IS NULL OR a.group_id IN (SELECT group_id FROM member)))
  ORDER BY a.id FOR NO KEY UPDATE OF a
),
charge AS (
  SELECT w.place, a.id AS account, a.user_id IS NOT NULL AS own, a.group_id IS NOT NULL AS of_group,
    a.resource = w.resource AS by_amount, CASE WHEN a.resource = w.resource THEN w.amount ELSE w.objects END AS amount
  FROM wished w JOIN locked a ON (a.resource = w.resource OR (w.resource = 'storage' AND a.resource = 'files'))
    AND (a.user_id = w.user_id OR (a.user_id IS NULL AND a.group_id IS NULL) OR EXISTS (
      SELECT 1 FROM member m WHERE m.group_id = a.group_id AND m.user_id = w.user_id))
  WHERE a.resource = w.resource OR a.group_id IS NULL
),
complete AS (
  SELECT c.place, array_agg(account ORDER BY account) FILTER (WHERE by_amount) AS accounts,
    coalesce(array_agg(account ORDER BY account) FILTER (WHERE NOT by_amount), '{{}}') AS object_accounts
  FROM charge c GROUP BY c.place
  HAVING count(*) FILTER (WHERE by_amount AND own) = 1
    AND count(*) FILTER (WHERE by_amount AND NOT own AND NOT of_group) = 1
),
ordinary AS (
  SELECT (SELECT count(*) FROM complete) = (SELECT count(*) FROM wished)
    AND (SELECT count(*) FROM locked WHERE group_id IS NOT NULL)
      = (SELECT count(DISTINCT group_id) FROM member) * (SELECT count(*) FROM asked)
    AND NOT EXISTS (
      SELECT 1 FROM locked a LEFT JOIN (SELECT account, sum(amount) AS amount FROM charge GROUP BY account) c
        ON c.account = a.id
      WHERE a.limits_end_at <= %(now)s OR a.soft_passed_at IS NOT NULL
        OR a.taken + coalesce(c.amount, 0) > coalesce(a.hard, 9223372036854775807)
    ) AS yes
),
made AS (
  INSERT INTO quotas_grant (user_id, key, resource, state, amount, objects_held, accounts, object_accounts,
    lease_ends_at, created_at)
  SELECT w.user_id, w.key, w.resource, 'held', w.amount, w.objects, c.accounts, c.object_accounts, w.lease_ends_at,
    %(now)s
  FROM wished w JOIN complete c ON c.place = w.place WHERE (SELECT yes FROM ordinary)
  ON CONFLICT (user_id, key) DO NOTHING
  RETURNING id, user_id, key, amount, objects_held, accounts, object_accounts
),
charged AS (
  UPDATE quotas_account a SET reserved = a.reserved + c.amount
  FROM (
    SELECT account, sum(amount)::bigint AS amount FROM (
      SELECT unnest(accounts) AS account, amount FROM made
      UNION ALL SELECT unnest(object_accounts), objects_held FROM made
    ) AS each_one GROUP BY account
  ) c WHERE a.id = c.account
)
SELECT id, user_id, key, accounts, object_accounts,
  set_config('synchronous_commit', coalesce(%(hurry)s, current_setting('synchronous_commit')), true)
FROM made
"""
PARAMETERS = {
    "user_ids": "bigint[]",
    "keys": "text[]",
    "slugs": "text[]",
    "amounts": "bigint[]",
    "objects": "smallint[]",
    "leases": "timestamptz[]",
    "resources": "text[]",
    "windows": "date[]",
    "users": "bigint[]",
    "now": "timestamptz",
    "hurry": "text",
}
ARGUMENTS = ", ".join(f"%({name})s::{kind}" for name, kind in PARAMETERS.items())
CALL = f"SELECT * FROM quotas_reserve({ARGUMENTS})"  # noqa: S608  (made of the names above)


def body(*, members: str) -> str:
    """Return what the function runs; `members` is the table of who is in which group."""
    places = {name: f"${place}" for place, name in enumerate(PARAMETERS, 1)}
    return f"#variable_conflict use_column\nBEGIN RETURN QUERY {QUICK.format(members=members) % places}; END"


def function(*, members: str) -> str:
    """Return the statement that makes the function, or makes it anew."""
    return (
        f"CREATE OR REPLACE FUNCTION quotas_reserve({', '.join(PARAMETERS.values())}) RETURNS TABLE (id bigint,"
        " user_id bigint, key varchar, accounts bigint[], object_accounts bigint[], hurry text) LANGUAGE plpgsql AS"
        f" $function${body(members=members)}$function$"
    )


# A held grant becomes used, as most do: step by step, so that each sees what the lock before it waited for.
USE = "SELECT * FROM quotas_use(%s::bigint, %s::bigint, %s::smallint, %s::timestamptz)"
USE_BODY = """#variable_conflict use_column
DECLARE held quotas_grant;
BEGIN
  SELECT * INTO held FROM quotas_grant WHERE id = $1 FOR NO KEY UPDATE;
  IF NOT FOUND OR held.state <> 'held' OR held.amount < $2 OR held.objects_held < $3 THEN
    RETURN;
  END IF;
  PERFORM FROM quotas_account WHERE id = ANY(held.accounts || held.object_accounts) ORDER BY id FOR NO KEY UPDATE;
  PERFORM FROM quotas_account WHERE id = ANY(held.accounts || held.object_accounts)
    AND (soft IS NOT NULL OR soft_passed_at IS NOT NULL OR limits_end_at <= $4);
  IF FOUND THEN
    RETURN;
  END IF;
  UPDATE quotas_grant SET state = 'used', amount = $2, objects_held = $3, lease_ends_at = NULL WHERE id = $1;
  RETURN QUERY WITH charge AS (
    SELECT account, sum(more)::bigint AS used, sum(less)::bigint AS reserved FROM (
      SELECT unnest(held.accounts) AS account, $2 AS more, held.amount AS less
      UNION ALL SELECT unnest(held.object_accounts), $3, held.objects_held
    ) AS each_one GROUP BY account
  ), changed AS (
    UPDATE quotas_account a SET used = a.used + c.used, reserved = a.reserved - c.reserved
    FROM charge c WHERE a.id = c.account RETURNING a.id, c.used AS change, a.used, a.hard
  ), noted AS (
    INSERT INTO quotas_usageevent (account_id, at, change, used, grant_key)
    SELECT id, $4, change, used, held.key FROM changed WHERE change <> 0
  )
  SELECT id, change, used, hard,
    ARRAY(SELECT level::integer FROM quotas_notice n WHERE n.account_id = changed.id AND n.cleared_at IS NULL)
  FROM changed;
END"""
USE_FUNCTION = (
    "CREATE OR REPLACE FUNCTION quotas_use(bigint, bigint, smallint, timestamptz)"
    " RETURNS TABLE (account bigint, change bigint, used bigint, hard bigint, levels integer[]) LANGUAGE plpgsql AS"
    f" $function${USE_BODY}$function$"
)
# The accounts are locked already. What it returns are the notices that stand at them.
MOVE = """
WITH move AS (
  SELECT * FROM unnest(%(accounts)s::bigint[], %(used)s::bigint[], %(reserved)s::bigint[],
    %(soft_passed)s::timestamptz[]) AS m(id, used, reserved, soft_passed_at)
), changed AS (
  UPDATE quotas_account a SET used = a.used + m.used, reserved = a.reserved + m.reserved,
    soft_passed_at = m.soft_passed_at
  FROM move m WHERE a.id = m.id RETURNING a.id, a.used
), noted AS (
  INSERT INTO quotas_usageevent (account_id, at, change, used, grant_key)
  SELECT m.id, %(now)s, m.used, c.used, %(key)s FROM move m JOIN changed c ON c.id = m.id WHERE m.used <> 0
)
SELECT account_id, level FROM quotas_notice WHERE cleared_at IS NULL AND account_id = ANY(%(accounts)s)
"""
# A held grant need not wait for the disk: one that a crash of the server forgets was not yet used for anything, and
# whoever commits it is refused or granted anew. What is written by a later commit is written with it.
HOLD = """
WITH wished AS (
  SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::smallint[], %s::text[], %s::text[],
    %s::timestamptz[]) AS w(user_id, key, resource, amount, objects, accounts, object_accounts, lease_ends_at)
), made AS (
  INSERT INTO quotas_grant (user_id, key, resource, state, amount, objects_held, accounts, object_accounts,
    lease_ends_at, created_at)
  SELECT user_id, key, resource, 'held', amount, objects, accounts::bigint[], object_accounts::bigint[],
    lease_ends_at, %s FROM wished
  ON CONFLICT (user_id, key) DO NOTHING
  RETURNING id, user_id, key, amount, objects_held, accounts, object_accounts
), charge AS (
  SELECT account, sum(amount)::bigint AS amount FROM (
    SELECT unnest(accounts) AS account, amount FROM made
    UNION ALL SELECT unnest(object_accounts), objects_held FROM made
  ) AS each_one GROUP BY account
), charged AS (
  UPDATE quotas_account a SET reserved = a.reserved + c.amount FROM charge c WHERE a.id = c.account
)
SELECT id, user_id, key, set_config('synchronous_commit', coalesce(%s, current_setting('synchronous_commit')), true)
FROM made
"""
