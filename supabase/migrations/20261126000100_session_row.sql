-- What the verbs of AgentSessionStore need to know of a row of iam.sessions: its domain, its expiry, its lease, its turns.
--
-- Argument types are those of the columns, as an older iam.sessions may have others. Postgres tells of each; not here.
set client_min_messages = warning;

create or replace function iam.find_domain(p_hostname text)
returns app.domains.domain_id%type
language sql stable set search_path = ''
as $$
  select d.domain_id from app.domains as d where d.hostname = p_hostname;
$$;
comment on function iam.find_domain is 'The domain id of a workspace; null if there is none.';

create or replace function iam.ensure_domain(p_hostname text)
returns app.domains.domain_id%type
language plpgsql volatile set search_path = ''
as $$
declare
  v_id app.domains.domain_id%type := iam.find_domain(p_hostname);
begin
  if v_id is not null then
    return v_id;
  end if;
  if length(p_hostname) > 253 then
    raise exception 'A workspace has at most 253 characters.' using errcode = 'invalid_parameter_value';
  end if;
  -- Not into an app.domains of the app's own: only the app knows what belongs in it.
  if exists (
    select from pg_catalog.pg_policy as p
    where p.polrelid = 'app.domains'::pg_catalog.regclass and p.polname = 'domains_are_for_the_server'
  ) then
    insert into app.domains (hostname) values (p_hostname) on conflict (hostname) do nothing;
  end if;
  return iam.find_domain(p_hostname);
end;
$$;
comment on function iam.ensure_domain is
  'The domain id of a workspace, which is made if there is none; null if app.domains is the app''s own and has none.';

create or replace function iam.has_hostname(p_domain_id app.domains.domain_id%type, p_hostname text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (select from app.domains as d where d.domain_id = p_domain_id and d.hostname = p_hostname);
$$;
comment on function iam.has_hostname is 'Whether a cached domain id still belongs to the hostname.';

create or replace function iam.is_free(p_lease_id uuid, p_lease_until timestamptz)
returns boolean
language sql volatile set search_path = ''
as $$
  select p_lease_id is null or p_lease_until <= clock_timestamp();
$$;
comment on function iam.is_free is 'Whether no turn holds a row with this lease.';

create or replace function iam.expiry_of(p_expires_at timestamptz, p_last_activity timestamptz)
returns timestamptz
language sql stable set search_path = ''
as $$
  select coalesce(p_expires_at, p_last_activity + interval '24 hours', 'infinity');
$$;
comment on function iam.expiry_of is 'When a row expires. Rows of older code have no date until the purge gives them one.';

create or replace function iam.ms_left(p_lease_until timestamptz)
returns double precision
language sql volatile set search_path = ''
as $$
  -- At least one: it may have run out since.
  select coalesce(greatest(1, ceil(extract(epoch from p_lease_until - clock_timestamp()) * 1000)), 1)::double precision;
$$;
comment on function iam.ms_left is 'How long a lease lasts unless it is renewed, in ms.';

create or replace function iam.turn_entry(p_turn_id text, p_message_hash text)
returns text
language plpgsql volatile set search_path = ''
as $$
begin
  -- A server of the version before names no turn; nobody can ask about that one.
  if p_turn_id is null then
    p_turn_id := gen_random_uuid()::text;
    p_message_hash := '-';
  end if;
  if p_turn_id !~ '^[A-Za-z0-9_-]{1,64}$' or p_message_hash is null or p_message_hash !~ '^[A-Za-z0-9_-]{1,16}$' then
    raise exception 'A turn id is 1 to 64, a message hash 1 to 16 letters, digits, - and _.'
      using errcode = 'invalid_parameter_value';
  end if;
  return 'r' || lpad(to_hex(floor(extract(epoch from clock_timestamp()) * 1000)::bigint), 11, '0')
    || p_message_hash || '.' || p_turn_id;
end;
$$;
comment on function iam.turn_entry is 'A turn that begins now, in the form of iam.sessions.turns.';

create or replace function iam.with_turn(p_turns text[], p_entry text)
returns text[]
language plpgsql immutable set search_path = ''
as $$
declare
  v_turns text[] := array_prepend(p_entry, p_turns[1:15]);
begin
  -- Ids may be up to 64 characters long. A row must not outgrow its page.
  while pg_column_size(v_turns) > 1300 loop
    v_turns := trim_array(v_turns, 1);
  end loop;
  return v_turns;
end;
$$;
comment on function iam.with_turn is 'The turns of a row and one more: 16 at most, and 1.3 kB.';

create or replace function iam.turn_place(p_turns text[], p_turn_id text)
returns integer
language sql immutable set search_path = ''
as $$
  select min(t.place)::integer from unnest(p_turns) with ordinality as t (entry, place)
  where split_part(t.entry, '.', 2) = p_turn_id;
$$;
comment on function iam.turn_place is 'Where in the turns of a row one stands; null if the row does not know it.';

create or replace function iam.turn_state(p_turns text[], p_place integer, p_lease_id uuid, p_lease_until timestamptz)
returns jsonb
language sql volatile set search_path = ''
as $$
  select jsonb_build_object(
    'turnId', split_part(t.entry, '.', 2),
    'messageHash', substr(split_part(t.entry, '.', 1), 13),
    'startedAt', ('x0' || substr(t.entry, 2, 11))::bit(48)::bigint,
    'state', case left(t.entry, 1)
      when 'd' then 'done'
      when 'p' then 'stopped'
      when 'f' then 'failed'
      else case
        when p_place > 1 or iam.is_free(p_lease_id, p_lease_until) then 'interrupted'
        when left(t.entry, 1) = 's' then 'stopping'
        else 'running'
      end
    end
  )
  from (select p_turns[p_place] as entry) as t
  where t.entry is not null;
$$;
comment on function iam.turn_state is
  'A turn as TurnState. One that never ended and holds no lease was interrupted: its process died, or lost the database.';

create or replace function iam.refusal(
  p_turns text[], p_lease_id uuid, p_lease_until timestamptz, p_turn_id text
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  v_place constant integer := iam.turn_place(p_turns, p_turn_id);
  v_is_free constant boolean := iam.is_free(p_lease_id, p_lease_until);
begin
  if v_place is null and v_is_free then
    return null;
  end if;
  return jsonb_build_object(
    'status', 'busy',
    'turn', coalesce(
      iam.turn_state(p_turns, coalesce(v_place, 1), p_lease_id, p_lease_until),
      -- Begun by older code, which named no turns.
      jsonb_build_object('turnId', '-', 'messageHash', '-', 'startedAt', 0, 'state', 'running')
    ),
    'retryAfterMs', case when v_is_free or v_place > 1 then 0 else iam.ms_left(p_lease_until) end
  );
end;
$$;
comment on function iam.refusal is
  'Why a turn may not begin: it has begun before, or another one holds the tab key. Null if neither is so any more.';

do $$
declare
  verb text;
  browser text;
  server text;
begin
  foreach verb in array array[
    'find_domain', 'ensure_domain', 'has_hostname', 'is_free', 'expiry_of', 'ms_left', 'turn_entry',
    'with_turn', 'turn_place', 'turn_state', 'refusal'
  ] loop
    execute format('revoke all on function iam.%I from public', verb);
    -- By name too: default privileges of the app may have granted it.
    foreach browser in array array['anon', 'authenticated'] loop
      if to_regrole(browser) is not null then
        execute format('revoke all on function iam.%I from %I', verb, browser);
      end if;
    end loop;
    foreach server in array array['service_role', 'leftoff_server'] loop
      if to_regrole(server) is not null then
        execute format('grant execute on function iam.%I to %I', verb, server);
      end if;
    end loop;
  end loop;
end $$;

reset client_min_messages;
