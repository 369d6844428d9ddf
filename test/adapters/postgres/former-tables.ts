/** Tables as earlier versions of Troupe made them, and what their owners go on sending. */

/** Statements that bring the tables of a whole journal from the newest format back to the second, or the first. */
export function formerTables(schema: string, format: 1 | 2): string {
  const of = `"${schema}"`;
  return `
    drop table ${of}.partition, ${of}.members, ${of}.submitted;
    alter table ${of}.head drop column cell, add column is_only boolean default true primary key check (is_only);
    alter table ${of}.epochs drop column cell, add primary key (epoch);
    drop index ${of}.versions_position;
    ${format === 1 ? "" : `create index versions_position on ${of}.versions (position);`}
    do $do$ begin execute 'drop function ' || (
      select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = '${schema}' and p.proname = 'append'
    ); end $do$;
    ${formerAppend(of)};
    update ${of}.head set format = ${format}`;
}

/** The function of formats 1 and 2, with the statement that it had. */
function formerAppend(of: string): string {
  return `create function ${of}.append(bigint, bigint, bigint, bigint, double precision, bigint, double precision, bytea, bigint[], bigint[], bigint[], int[], int[], int[], int[], int[], int[], int[], int[], int[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], boolean[])
    returns int language plpgsql as $append$
    declare kept int;
    begin
      with moved as (
        update ${of}.head set position = $4, time = $5, next_id = $6, lease_until = clock_timestamp() + $7::float8 * interval '1 millisecond'
        where epoch = $1 and session = $2 and position = $3 returning 1
      ), new_versions as (
        insert into ${of}.versions (id, version, position, slot, once, record, whole)
        select v.id, v.version, v.position, v.slot,
          case when v.once_length > 0 then substring($8::bytea from v.once_at for v.once_length) end,
          substring($8::bytea from v.record_at for v.record_length),
          case when v.whole_length > 0 then substring($8::bytea from v.whole_at for v.whole_length) end
        from moved, unnest($9::bigint[], $10::bigint[], $11::bigint[], $12::int[], $13::int[], $14::int[], $15::int[], $16::int[], $17::int[], $18::int[])
          as v(id, version, position, slot, once_at, once_length, record_at, record_length, whole_at, whole_length)
      ), new_rows as (
        insert into ${of}.keys as k (key, id, newest, oldest, position, checkpoint, checkpoint_bytes, replay_bytes, erased)
        select substring($8::bytea from r.at for r.length), r.id, r.newest, r.oldest, r.position, r.checkpoint, r.checkpoint_bytes, r.replay_bytes, r.erased
        from moved, unnest($19::int[], $20::int[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[], $28::boolean[])
          as r(at, length, id, newest, oldest, position, checkpoint, checkpoint_bytes, replay_bytes, erased)
        on conflict (key) do update set newest = excluded.newest, oldest = greatest(k.oldest, excluded.oldest),
          position = excluded.position, checkpoint = greatest(k.checkpoint, excluded.checkpoint),
          checkpoint_bytes = excluded.checkpoint_bytes, replay_bytes = excluded.replay_bytes, erased = excluded.erased
      ) select count(*)::int as kept into kept from moved;
      return kept;
    end $append$`;
}

/** What an owner of format 2 sends to take the head, and to append at its position. */
export function formerOwner(schema: string) {
  const of = `"${schema}"`;
  return {
    take: `with taken as (
        update ${of}.head set epoch = epoch + 1, session = session + 1, owner = $1, pid = 1, lease_until = clock_timestamp() + interval '1 hour'
        where owner is null or owner = $1 or lease_until < clock_timestamp()
        returning epoch, session, position, time, next_id
      ), noted as (
        insert into ${of}.epochs select epoch, position, $1, clock_timestamp() from taken
      )
      select epoch::float8, session::float8, position::float8, next_id::float8 from taken`,
    append: `select ${of}.append(${Array.from({ length: 28 }, (_, i) => `$${i + 1}`).join(", ")}) as kept`,
  };
}
