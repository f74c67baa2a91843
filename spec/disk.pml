/*
 * The disk under the commit: the names, the system calls, and what a power loss may leave.
 *
 * now[name] is what running processes find behind a name. disk[name] is the set of what may be
 * there after a power loss, one bit for each value. UNSYNCED is the bit of a file whose bytes are
 * not synced: it may be there whole, or torn.
 */

/* ---- How many: options of spin ----------------------------------------------------------------- */

#ifndef MAPS
#define MAPS 1                          /* maps of each fix */
#endif
#ifndef COMPONENTS
#define COMPONENTS 1                    /* components of each fix */
#endif
#ifndef FIXES
#define FIXES 1                         /* fixes at once */
#endif

/* ---- Names ------------------------------------------------------------------------------- */

#define PENDING      0                  /* .jit-guard/pending.json: the plan, then the intent */
#define DRAFT        1                  /* .jit-guard/pending.json.tmp */
#define STATE        2                  /* .jit-guard */
#define FOLDER       3                  /* the directory of the components */
#define LEDGER       4                  /* the text of fix 0 in .jit-guard/ledger.db */
#define MAP(m)       (5 + (m))
#define COMP(i, c)   (5 + MAPS + (i) * COMPONENTS + (c))             /* a component of fix i */
#define NEWMAP(i, m) (COMP(FIXES, 0) + (i) * MAPS + (m))             /* the new bytes of a map */
#define TEXT(i, c)   (NEWMAP(FIXES, 0) + (i) * COMPONENTS + (c))     /* those of a component */
#define PROBE(i)     (TEXT(FIXES, 0) + (i))                          /* a hard link, as a trial */
#define NAMES        (TEXT(FIXES, 0) + FIXES)

/* ---- What is behind a name ------------------------------------------------------------------ */

#define NONE   0                        /* no such name */
#define TORN   1                        /* a file that is empty, cut off or zeros */
#define WHOLE  2                        /* a directory; a component or text of ours, whole */
#define THEIRS 3                        /* a component of another program */
#define STALE  4                        /* a draft that the commit is to replace */
#define EMPTY  5                        /* an empty file, ours where hard links are refused */
#define PLAN(i)       (2 + (i))         /* of PENDING and DRAFT, for fix i */
#define INTENT(i)     (4 + (i))
#define RESERVING(i)  (6 + (i))         /* an intent that says `reserves` */
#define UNSYNCED (1 << 30)

/* A map is a number from 2 on: an entry of each fix, and a key of another program. */
#define OLD   0
#define NEW   1
#define OTHER 2                         /* another program decided otherwise */
#define ENTRY(map, i)    ((((map) - 2) / (i -> 3 : 1)) % 3)
#define SET(map, i, e)   ((map) + ((e) - ENTRY(map, i)) * (i -> 3 : 1))
#define SAVED(map)       (((map) - 2) / 9 -> (map) : (map) + 9)

byte now[NAMES];
int  disk[NAMES];
int  moved;                             /* sources of renames that are not synced, as bits */
byte refused;                           /* what the system refuses from now on, for good: */
#define LINKS    1                      /*   hard links in FOLDER */
#define PLACES   2                      /*   every new name in FOLDER */
#define MAPS_REFUSED 4                  /*   the rename over the last map */
#define MAP_REFUSED(m) ((refused & MAPS_REFUSED) && (m) == MAPS - 1)

/* ---- Directories, as bits of a set to sync ---------------------------------------------------- */

#define ROOT   1                        /* has .jit-guard, the first map and its temporary files */
#define ABOVE  2                        /* has FOLDER */
#define COMPS  4                        /* FOLDER: has the components and their temporary files */
#define OURS   8                        /* .jit-guard: has PENDING and DRAFT */
#define ROOT_2 16                       /* has the second map */
#if MAPS > 1
#define MAP_DIRS   (ROOT | ROOT_2)
#define MAP_DIR(m) ((m) -> ROOT_2 : ROOT)
#else
#define MAP_DIRS   ROOT
#define MAP_DIR(m) ROOT
#endif
#define IS_MAP(n)    ((n) >= MAP(0) && (n) < COMP(0, 0))
hidden byte dir[NAMES];                 /* the directory of a name; it never changes */
inline place_names() {
  for (each : 0 .. NAMES - 1) { dir[each] = (each >= COMP(0, 0) -> COMPS : OURS) }
  dir[STATE] = ROOT; dir[FOLDER] = ABOVE;
  for (each : 0 .. MAPS - 1) {
    dir[MAP(each)] = MAP_DIR(each); dir[NEWMAP(0, each)] = MAP_DIR(each);
    dir[NEWMAP(FIXES - 1, each)] = MAP_DIR(each) }
  each = 0
}

/* `git clean -x` removes .jit-guard, and whoever has it open keeps a directory without names. */
byte generation;                        /* the one that has the name now */
byte lock_file;                         /* .jit-guard/commit.lock: its number; 0: there is none */
#define GONE(n) ((n) <= DRAFT && opened != generation || dir[n] == COMPS && !now[FOLDER])
#define SEEN(n) (GONE(n) -> NONE : now[n])

/* ---- System calls ----------------------------------------------------------------------------- */

/* Each is one step, in a trace the next one (trace.pml). One in a removed directory fails. */

#define CALL(call, n, value) TRACED(call, n, value) seen_by_us()
#define FAILS(n) failed = ((n) <= DRAFT -> REMOVED : REFUSED)

inline settle(n) {                      /* n gets another file: the bytes of this one are lost */
  if :: disk[n] & UNSYNCED -> disk[n] = (disk[n] & ~UNSYNCED) | (1 << TORN) | (1 << now[n])
     :: else fi
}
inline gone(n) { settle(n); now[n] = NONE; disk[n] = disk[n] | (1 << NONE) }

inline shift(n, to) {                   /* the file of n gets a second name */
  settle(to); now[to] = now[n];
  disk[to] = disk[to] | (disk[n] & UNSYNCED -> UNSYNCED : 1 << now[n])
}

inline write(n, value) {                /* create a file and write it; no sync */
  if
  :: GONE(n) -> FAILS(n)
  :: atomic { !GONE(n) -> CALL(WRITE, n, value);
       d_step { settle(n); now[n] = value; disk[n] = disk[n] | UNSYNCED; moved = moved & ~(1 << (n)) } }
  fi
}

inline fsync(n, without) {              /* `without`: the mutation that leaves it out */
  if
  :: MUT == without || GONE(n)
  :: atomic { MUT != without && !GONE(n) -> CALL(FSYNC, n, 0);
       d_step { if :: disk[n] & UNSYNCED -> disk[n] = (disk[n] & ~UNSYNCED) | (1 << now[n])
                   :: else fi } }
  fi
}

inline rename(n, to) {
  if
  :: GONE(n) || !now[n] -> FAILS(n)
  :: atomic { !GONE(n) && now[n] -> CALL(RENAME, n, to);
       d_step { shift(n, to); gone(n); if :: (n) != DRAFT -> moved = moved | (1 << (n)) :: else fi } }
  fi
}

inline link(n, to) { CALL(LINK, n, to); d_step { shift(n, to) } }
inline create_empty(n) { CALL(WRITE, n, EMPTY); d_step { settle(n); now[n] = EMPTY; disk[n] = disk[n] | (1 << EMPTY) } }

inline unlink(n) {
  if
  :: GONE(n) || !now[n]
  :: atomic { !GONE(n) && now[n] -> CALL(UNLINK, n, 0); d_step { gone(n) } }
  fi
}

inline mkdir(n) {
  if
  :: now[n]
  :: atomic { !now[n] -> CALL(MKDIR, n, 0); d_step { now[n] = WHOLE; disk[n] = disk[n] | (1 << WHOLE) } }
  fi
}
inline rmdir(n) { CALL(RMDIR, n, 0); d_step { gone(n) } }

inline sync_one(d) {
  atomic { CALL(SYNC, d, 0);
    d_step {
      for (each : 0 .. NAMES - 1) {
        if
        :: dir[each] == (d) && !((d) == OURS && opened != generation) ->
           disk[each] = (disk[each] & UNSYNCED -> UNSYNCED : 1 << now[each]);
           moved = moved & ~(1 << each)
        :: (d) == ABOVE && !now[FOLDER] && dir[each] == COMPS -> disk[each] = 1 << NONE
        :: else
        fi }
      each = 0 } }
}

/* Sync the directories of a set, in one order; a trace may have any, which changes nothing. */
#ifdef TRACE
#define FIRST(d) (todo & (d))
#else
#define FIRST(d) ((todo & (d)) && !(todo & ((d) - 1)))
#endif
inline sync(set, without) {
  todo = (MUT == without -> 0 : set);
  do
  :: FIRST(ROOT)   -> todo = todo & ~ROOT;   sync_one(ROOT)
  :: FIRST(ABOVE)  -> todo = todo & ~ABOVE;  sync_one(ABOVE)
  :: FIRST(COMPS)  -> todo = todo & ~COMPS;  sync_one(COMPS)
  :: FIRST(OURS)   -> todo = todo & ~OURS;   sync_one(OURS)
  :: FIRST(ROOT_2) -> todo = todo & ~ROOT_2; sync_one(ROOT_2)
  :: !todo -> break
  od
}

/* ---- The power fails ---------------------------------------------------------------------------- */

/* Of everything that is not synced, any part is lost; a rename as a whole or not at all. */

byte each, chosen, other;
#define SOURCE(n, i) (IS_MAP(n) -> NEWMAP(i, (n) - MAP(0)) : TEXT(i, ((n) - COMP(0, 0)) % COMPONENTS))
#define MOVED(n, i)  (moved & (1 << SOURCE(n, i)) && (IS_MAP(n) || (n) < COMP(i + 1, 0) && (n) >= COMP(i, 0)))

inline together(n, i) {                 /* n and the name from which it was renamed */
  if
  :: MOVED(n, i) && (chosen == 30 || chosen == now[n]) -> disk[SOURCE(n, i)] = 1 << NONE
  :: MOVED(n, i) && chosen != 30 && chosen != now[n] && disk[SOURCE(n, i)] != 1 << NONE ->
     disk[SOURCE(n, i)] = disk[SOURCE(n, i)] & ~(1 << NONE)
  :: else
  fi
}

inline power_loss() {
  each = 0;
  do
  :: each < NAMES ->
     chosen = 0;
     do
     :: disk[each] & (1 << chosen) -> break
     :: disk[each] >> (chosen + 1) -> chosen++
     od;
     if
     :: each >= MAP(0) && each < NEWMAP(0, 0) ->
        together(each, 0);
        if :: FIXES > 1 -> together(each, FIXES - 1) :: else fi
     :: else
     fi;
     if
     :: chosen == 30 -> if :: chosen = now[each] :: chosen = TORN fi
     :: else
     fi;
     now[each] = chosen; disk[each] = 1 << chosen;
     each++
  :: else -> break
  od;
  each = 0;
  d_step {
    for (each : 0 .. NAMES - 1) {       /* a lost directory takes its names along */
      if
      :: (dir[each] == OURS && !now[STATE]) || (dir[each] == COMPS && !now[FOLDER]) ->
         now[each] = NONE; disk[each] = 1 << NONE
      :: else
      fi }
    each = 0; chosen = 0; moved = 0;
    holder = 0; readers = 0; acting = 0 }           /* with the processes, their locks are gone */
}
