"""What Postgres keeps for the tree of comments, whoever writes: the path, the counts, the votes.

The statement that shows or hides comments counts them in their ancestors and their thread; the statement that changes
a count of votes changes the comment. Rows are taken in one order: the thread, then comments by key.
"""

CREATE = """
ALTER TABLE comments_comment
    ADD COLUMN parent_path bigint[] GENERATED ALWAYS AS (nullif(path[1:cardinality(path) - 1], '{}')) STORED,
    ADD CONSTRAINT comment_path_ends_with_itself CHECK (path[cardinality(path)] = id),
    ADD CONSTRAINT comment_depth_is_limited CHECK (cardinality(path) BETWEEN 1 AND 8),
    ADD CONSTRAINT comment_parent_is_in_its_path CHECK (parent_id IS NOT DISTINCT FROM path[cardinality(path) - 1]),
    ADD CONSTRAINT comment_path_is_its_parents FOREIGN KEY (thread_id, parent_path)
        REFERENCES comments_comment (thread_id, path) DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION comments_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE comments_thread AS t SET comment_count = t.comment_count + g.n
    FROM (SELECT thread_id, count(*) AS n FROM added WHERE state = 'visible' GROUP BY thread_id) AS g
    WHERE t.id = g.thread_id;
    PERFORM 1 FROM comments_comment WHERE id IN (
        SELECT unnest(parent_path) FROM added WHERE state = 'visible'
    ) ORDER BY id FOR NO KEY UPDATE;
    UPDATE comments_comment AS c SET branch_count = c.branch_count + g.n, reply_count = c.reply_count + g.direct
    FROM (
        SELECT ancestor, count(*) AS n, count(*) FILTER (WHERE ancestor = parent_id) AS direct
        FROM added CROSS JOIN LATERAL unnest(parent_path) AS ancestor WHERE state = 'visible' GROUP BY ancestor
    ) AS g WHERE c.id = g.ancestor;
    RETURN NULL;
END $$;
CREATE TRIGGER comments_count_added AFTER INSERT ON comments_comment REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION comments_count_added();

CREATE FUNCTION comments_count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE change integer := (NEW.state = 'visible')::integer - (OLD.state = 'visible')::integer;
BEGIN
    UPDATE comments_thread SET comment_count = comment_count + change WHERE id = NEW.thread_id;
    PERFORM 1 FROM comments_comment WHERE id = ANY(NEW.parent_path) ORDER BY id FOR NO KEY UPDATE;
    UPDATE comments_comment
    SET branch_count = branch_count + change, reply_count = reply_count + change * (id = NEW.parent_id)::integer
    WHERE id = ANY(NEW.parent_path);
    RETURN NULL;
END $$;
CREATE TRIGGER comments_count_changed AFTER UPDATE OF state ON comments_comment FOR EACH ROW
    WHEN ((OLD.state = 'visible') IS DISTINCT FROM (NEW.state = 'visible'))
    EXECUTE FUNCTION comments_count_changed();

CREATE FUNCTION comments_count_votes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted likes_reactioncount := coalesce(NEW, OLD);
    change integer := coalesce(NEW.count, 0) - coalesce(OLD.count, 0);
BEGIN
    UPDATE comments_comment
    SET ups = ups + change * (counted.kind = 'up')::integer, downs = downs + change * (counted.kind = 'down')::integer
    WHERE id = counted.object_id AND counted.content_type_id =
        (SELECT id FROM django_content_type WHERE app_label = 'comments' AND model = 'comment');
    RETURN NULL;
END $$;
CREATE TRIGGER comments_count_votes_set AFTER INSERT OR UPDATE ON likes_reactioncount FOR EACH ROW
    WHEN (NEW.kind IN ('up', 'down')) EXECUTE FUNCTION comments_count_votes();
CREATE TRIGGER comments_count_votes_gone AFTER DELETE ON likes_reactioncount FOR EACH ROW
    WHEN (OLD.kind IN ('up', 'down')) EXECUTE FUNCTION comments_count_votes();
"""

DROP = """
DROP TRIGGER comments_count_votes_gone ON likes_reactioncount;
DROP TRIGGER comments_count_votes_set ON likes_reactioncount;
DROP FUNCTION comments_count_votes();
DROP TRIGGER comments_count_changed ON comments_comment;
DROP FUNCTION comments_count_changed();
DROP TRIGGER comments_count_added ON comments_comment;
DROP FUNCTION comments_count_added();
ALTER TABLE comments_comment DROP CONSTRAINT comment_path_is_its_parents;
ALTER TABLE comments_comment DROP COLUMN parent_path;
"""
