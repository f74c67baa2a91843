/*
 * The commit of jit-guard, for the model checker spin. To be read from top to bottom; after each
 * action is the function of src/jit_guard/commit/ (or ledger/) that it stands for.
 *
 *   settings.pml    the ways in which the protocol is broken on purpose, to test the invariants
 *   disk.pml         names, system calls, and what a power loss may leave
 *   invariants.pml   what must hold
 *   commit.pml       the protocol: this file
 *   environment.pml  kills, power losses, other programs, and how a run begins and ends
 *
 * Two fixes set an entry in each of their maps and place their components, in one new directory.
 * Every interleaving is tried. README.md explains how to run it, and what is left out.
 */

#define RECOVERER 2                     /* the process of `jit-guard recover`; fixes are 0 and 1 */

byte holder, readers;                   /* of the lock: 1 + the process; how many readers */
byte alive, dead;                       /* processes that run; those that were killed, as bits */
byte locks;                             /* lock files that have existed */

/* What the plan and the intent of each fix say. Components are bits. */
bool makes[2];                          /* it creates the directory */
byte adopts[2], replaces[2];            /* components that exist already; drafts to be replaced */
#define OWNER(intent)     (((intent) - 2) % 2)
#define IS_PLAN(intent)   ((intent) < INTENT(0))
#define RESERVES(intent)  ((intent) >= RESERVING(0))

/* Why a step failed. */
#define REFUSED    1                    /* the system refuses it */
#define UNREADABLE 2                    /* a map does not parse */
#define REMOVED    3                    /* .jit-guard was removed */
#define OCCUPIED   4                    /* another program's component has the name */

#include "trace.pml"
#include "disk.pml"
#include "settings.pml"
#include "invariants.pml"

/* ---- The lock ---------------------------------------------------------------------------------- */

inline take_lock() {                    /* commit_lock.CommitLock */
  do
  :: !now[STATE] -> mkdir(STATE)
  :: atomic { now[STATE] && !holder && !readers -> LOCKED()
       if :: !lock_file -> locks++; lock_file = locks :: else fi;
       rest(); holder = 1 + me; lock = lock_file; opened = generation; acting = 1 };
     break
  od
}

inline let_go() {                       /* kernel_lock.release */
  atomic {
    if
    :: holder == 1 + me && lock == lock_file -> UNLOCKED() holder = 0; acting = 0; rest()
    :: else
    fi;
    lock = 0 }
}

/* ---- The plan and the intent --------------------------------------------------------------------- */

inline write_intent(intent, bytes, name) {                     /* pending.write */
  unlink(DRAFT);
  write(DRAFT, intent);
  fsync(DRAFT, bytes);
  rename(DRAFT, PENDING);
  sync(OURS, name)
}

inline remove_intent() {                /* pending.remove */
  unlink(DRAFT);
  if :: MUT != NO_FORGET -> unlink(PENDING) :: else fi;
  sync(OURS, INTENT_REMOVED)
}

/* ---- Before the decision -------------------------------------------------------------------------- */

inline buy_text() {                     /* ledger.Ledger.claim, ledger.Ledger.arrived */
  if
  :: !(others & BUYS) || now[LEDGER] || ENTRY(now[MAP(0)], 0) != OLD
  :: (others & BUYS) && !now[LEDGER] && ENTRY(now[MAP(0)], 0) == OLD ->
     assert(!paid);                     /* nothing is bought twice */
     mkdir(STATE);
     sync(ROOT, STATE_NAME);
     if :: MUT != PAID_LATE -> store_text() :: else fi
  fi
}

inline store_text() {                   /* database.LedgerFile.transaction: all of it, or nothing */
  d_step { now[LEDGER] = WHOLE; disk[LEDGER] = disk[LEDGER] | (1 << WHOLE) };
  d_step { if :: MUT != STORED_TEXT -> disk[LEDGER] = 1 << WHOLE :: else fi; paid = 1 }
}

inline prepare() {                      /* preparation.prepare, trial.try_places */
  sync(ROOT, STATE_NAME);
  for (m : 0 .. MAPS - 1) {
    read[m] = now[MAP(m)];
    if :: read[m] == TORN || ENTRY(read[m], o) != OLD -> failed = UNREADABLE :: else fi }
  atomic {
    known[o] = refused & (PLACES | MAPS_REFUSED);
    if :: known[o] && MUT != NO_TRIAL_OF_MAPS -> failed = REFUSED :: else fi };
  atomic {
    makes[o] = !now[FOLDER]; adopts[o] = 0; c = 0;
    do
    :: c < COMPONENTS && now[COMP(o, c)] == WHOLE -> adopts[o] = adopts[o] | (1 << c); c++
    :: c < COMPONENTS && (!now[COMP(o, c)] || now[COMP(o, c)] == STALE && (replaces[o] & (1 << c))) -> c++
    :: c == COMPONENTS -> break
    :: else -> failed = REFUSED; break                         /* OccupiedError */
    od }
}

inline make() {                         /* preparation.make */
  if :: makes[o] -> mkdir(FOLDER) :: else fi;
  sync(MAP_DIRS | ABOVE | COMPS, NEW_FOLDERS);
  for (c : 0 .. COMPONENTS - 1) {
    if
    :: !(adopts[o] & (1 << c)) -> write(TEXT(o, c), WHOLE); fsync(TEXT(o, c), TEXT_BYTES); paid = 1
    :: adopts[o] & (1 << c)    -> fsync(COMP(o, c), ADOPTED_BYTES)
    fi }
  for (m : 0 .. MAPS - 1) { write(NEWMAP(o, m), SET(read[m], o, NEW)); fsync(NEWMAP(o, m), MAP_BYTES) }
  sync(MAP_DIRS | COMPS, TEMPORARY_NAMES)
}

#define FIRST_NEW (adopts[o] & 1)       /* the first component that is not adopted */
inline try_links() {                    /* preparation.refuses_links, durable.can_link */
  if
  :: FIRST_NEW == COMPONENTS && MUT != NO_TRIAL_OF_LINKS
  :: FIRST_NEW < COMPONENTS && MUT != NO_TRIAL_OF_LINKS ->
     if :: (refused & LINKS) || !now[TEXT(o, FIRST_NEW)] -> reserves = 1
        :: atomic { else -> link(TEXT(o, FIRST_NEW), PROBE(o)) }; unlink(PROBE(o)) fi
  :: MUT == NO_TRIAL_OF_LINKS -> known[o] = known[o] | (refused & LINKS)
  fi
}

inline decide() {                       /* transaction._decide; transaction._undo if it fails */
  k = 0;
  do
  :: k < 3 && !failed ->
     if
     :: BEFORE(k) == WRITE_PLAN -> write_intent(PLAN(o), PLAN_BYTES, PLAN_NAME); mine = (failed -> 0 : PLAN(o)); acting = 0
     :: BEFORE(k) == MAKE -> make(); try_links()
     :: BEFORE(k) == DECIDE ->
        map_first();
        atomic { if :: lock != lock_file && MUT != ANY_LOCK -> failed = REMOVED :: else -> acting = (MUT != ANY_LOCK) fi };
        w = (reserves -> RESERVING(o) : INTENT(o));
        if :: !failed -> write_intent(w, INTENT_BYTES, INTENT_NAME) :: else fi;
        if :: !failed -> mine = w :: else fi;
        acting = 0
     :: BEFORE(k) == LEFT_OUT -> mine = PLAN(o)
     :: MUT != DECIDE_FIRST && !(others & CLEAN_X) -> failed = REFUSED                 /* any of these may fail */
     fi;
     k++
  :: else -> break
  od;
  if
  :: !failed -> k = SET_MAPS
  :: failed && (mine || SEEN(PENDING) == PLAN(o)) && UNDOES -> planned = 1; back = 1; fresh = 0; failed = 0; k = CLEAR
  :: failed && !((mine || SEEN(PENDING) == PLAN(o)) && UNDOES) -> unlink(DRAFT); failed = 0; k = 4; said[me] = NOTHING
  fi
}

/* ---- After the decision; a recovery does the same -------------------------------------------------- */

/* replay.Replay.untouched: an undo of the commit itself knows what it has tried to change. */
#define UNTOUCHED(n) (back && !recovering && !(tried & (1 << (n))))
#define ABANDONS     (back && recovering && !retried)

inline set_maps() {                     /* set_maps.set_maps, set_maps._set_map */
  m = 0; standing = 0;
  do
  :: m < MAPS && !failed ->
     atomic { v = now[MAP(m)]; saved_late = saved_late && m };  /* set_maps._decide */
     if
     :: UNTOUCHED(m) -> m++
     :: !UNTOUCHED(m) && v == TORN -> failed = (ABANDONS -> 0 : UNREADABLE); m++
     :: !UNTOUCHED(m) && v != TORN && ENTRY(v, o) == (back -> NEW : OLD) ->
        w = SET(v, o, (back -> OLD : NEW));
        prepare_map();
        if
        :: now[MAP(m)] != v && MUT != NO_LAST_LOOK              /* saved meanwhile: again */
        :: else ->
           /* A save between these two steps is lost: the window that is documented. */
           if :: MAP_REFUSED(m) -> failed = REFUSED :: else -> tried = tried | (1 << m); rename_map() fi;
           if :: !failed -> standing = !back; m++ :: else fi
        fi
     :: else -> fsync(MAP(m), SAVED_MAP); standing = standing | (ENTRY(v, o) == NEW && !back); m++
     fi
  :: else -> break
  od;
  m = 0; v = 0; w = 0;
  if :: !failed -> sync(MAP_DIRS, MAP_NAME) :: else fi
}

inline prepare_map() {                  /* set_maps._prepare_map: w is the new map */
  if
  :: now[NEWMAP(o, m)] == w && fresh
  :: now[NEWMAP(o, m)] == w && !fresh -> fsync(NEWMAP(o, m), FOUND_MAP)
  :: else -> needs_space(); unlink(NEWMAP(o, m)); write(NEWMAP(o, m), w); fsync(NEWMAP(o, m), MAP_AGAIN)
  fi
}

inline rename_map() {                   /* durable.replace */
  if
  :: MUT != IN_PLACE -> atomic { if :: now[NEWMAP(o, m)] -> saves_are_kept() :: else fi; rename(NEWMAP(o, m), MAP(m)) }
  :: MUT == IN_PLACE ->
     d_step { now[MAP(m)] = TORN; disk[MAP(m)] = disk[MAP(m)] | (1 << TORN) };
     d_step { now[MAP(m)] = w; disk[MAP(m)] = disk[MAP(m)] | UNSYNCED; gone(NEWMAP(o, m)) }
  fi
}

/* place_components._is_reserved: our own empty file */
#define IS_RESERVED (now[COMP(o, c)] == EMPTY && MUT != EMPTY_IS_THEIRS && \
                     (MUT == EMPTY_IS_OURS || reserves && !fresh))

inline place_components() {             /* place_components.place_components, place_components._place */
  c = 0;
  do
  :: c < COMPONENTS && !failed ->
     if
     :: !standing -> withdraw(); c++
     :: standing && !now[COMP(o, c)] -> prepare_text(); tried = tried | (4 << c); give_name()  /* look again */
     :: standing && now[COMP(o, c)] == WHOLE -> fsync(COMP(o, c), FOUND_COMPONENT); c++
     :: standing && (now[COMP(o, c)] == STALE && (replaces[o] & (1 << c)) || IS_RESERVED) ->
        may_be_ours(); prepare_text(); tried = tried | (4 << c);
        if :: refused & PLACES -> failed = REFUSED :: else -> rename(TEXT(o, c), COMP(o, c)); c++ fi
     :: else -> is_theirs(); failed = (recovering -> 0 : OCCUPIED); c++  /* it stays */
     fi
  :: else -> break
  od;
  c = 0;
  if :: !failed && now[FOLDER] -> sync(COMPS, COMPONENT_NAME) :: else fi
}

inline prepare_text() {                 /* place_components._prepare_component */
  if
  :: now[TEXT(o, c)] == WHOLE && fresh
  :: now[TEXT(o, c)] == WHOLE && !fresh -> fsync(TEXT(o, c), FOUND_TEXT)
  :: else ->
     needs_space();
     if :: !now[FOLDER] -> mkdir(FOLDER); sync(ROOT | ABOVE | COMPS, FOLDER_AGAIN) :: else fi;
     unlink(TEXT(o, c)); write(TEXT(o, c), WHOLE); fsync(TEXT(o, c), TEXT_AGAIN)
  fi
}

inline give_name() {                    /* final_name.give_name, pending.rewrite */
  if
  :: (refused & LINKS) && !reserves ->
     was_not_known(LINKS);
     if
     :: atomic { (SEEN(PENDING) == mine || MUT == ANY_REWRITTEN) && MUT != UNANNOUNCED -> acting = (MUT != ANY_REWRITTEN) };
        write_intent(RESERVING(o), RESERVING_BYTES, RESERVING_NAME);
        if :: failed -> failed = REFUSED :: else -> mine = RESERVING(o) fi;     /* it was removed */
        acting = 0
     :: else
     fi;
     reserves = !failed
  :: else
  fi;
  if
  :: failed
  :: !failed && (refused & PLACES) -> failed = REFUSED
  :: !failed && !(refused & PLACES) && MUT == WRITTEN_IN_PLACE ->
     write(COMP(o, c), TORN); now[COMP(o, c)] = WHOLE; fsync(COMP(o, c), 0); c++
  :: !failed && !(refused & PLACES) && MUT != WRITTEN_IN_PLACE && !reserves ->  /* durable.place */
     atomic { if :: now[TEXT(o, c)] && (!now[COMP(o, c)] || MUT == OVER_THEIRS) -> link(TEXT(o, c), COMP(o, c)); c++ :: else fi }
  :: !failed && !(refused & PLACES) && MUT != WRITTEN_IN_PLACE && reserves ->   /* durable.place_without_link */
     atomic { if :: now[FOLDER] && !now[COMP(o, c)] -> create_empty(COMP(o, c)); placing = 1 :: else fi };
     if
     :: placing -> rename(TEXT(o, c), COMP(o, c));
        if :: failed -> failed = 0; fresh = (MUT == FRESH_STAYS -> fresh : 0)  /* its text is gone */
           :: else -> c++ fi;
        placing = 0
     :: else
     fi
  fi
}

inline withdraw() {                     /* place_components._withdraw */
  if
  :: (now[COMP(o, c)] == WHOLE || IS_RESERVED) && !UNTOUCHED(2 + c) && !ANY_MAP(o, NEW) &&
     !((adopts[o] | replaces[o]) & (1 << c)) -> unlink(COMP(o, c))
  :: else
  fi
}

inline clear() {                        /* recovery.remove_temporaries */
  dirs = (now[FOLDER] -> COMPS : 0);
  for (c : 0 .. COMPONENTS - 1) { unlink(TEXT(o, c)) }
  if :: !fresh && MUT != PROBE_STAYS -> unlink(PROBE(o)) :: else fi;
  for (m : 0 .. MAPS - 1) {
    dirs = dirs | (now[NEWMAP(o, m)] || !fresh -> MAP_DIR(m) : 0); unlink(NEWMAP(o, m)) }
  atomic {
    if
    :: makes[o] && now[FOLDER] && FOLDER_IS_EMPTY -> rmdir(FOLDER); dirs = (dirs & ~COMPS) | ABOVE
    :: makes[o] && !(now[FOLDER] && FOLDER_IS_EMPTY) -> dirs = dirs | (fresh -> 0 : ABOVE)
    :: else
    fi };
  sync(dirs, CLEARED_NAMES)
}

inline forget() {                       /* recovery._remove_intent: only its own intent */
  opened = generation;
  if
  :: atomic { now[PENDING] == mine || MUT == ANY_INTENT -> acting = (MUT != ANY_INTENT) }; remove_intent(); acting = 0
  :: else
  fi
}

inline replay() {                       /* recovery.replay; completion.complete if it fails */
  do
  :: k < 4 ->
     if :: k == FORGET && MUT == LOCK_FREED -> let_go() :: else fi;
     if :: k == FORGET && MUT == REPORT_FIRST && o == me && !back -> said[me] = DONE :: else fi;
     if
     :: STEP(k) == SET_MAPS -> set_maps()
     :: STEP(k) == PLACE    -> place_components()
     :: STEP(k) == CLEAR    -> clear()
     :: STEP(k) == FORGET   -> forget()
     fi;
     if
     :: !failed -> k++
     :: failed == REFUSED && !back && !retried -> retried = 1; fresh = 0; failed = 0; k = SET_MAPS
     :: failed && !back && (failed != REFUSED || retried) && MUT != STAYS ->
        was_not_known(PLACES | MAPS_REFUSED); back = 1; retried = 1; fresh = 0; may_write = 1; failed = 0; k = SET_MAPS
     :: else -> break
     fi
  :: else -> break
  od
}

/* ---- Recovery --------------------------------------------------------------------------------------- */

inline find_intent() {                  /* transaction.recover, transaction._recover */
  if
  :: !now[PENDING] && !now[DRAFT] ->
     if :: now[STATE] -> opened = generation; sync(OURS, REMOVED_EARLIER) :: else fi
  :: else ->
     take_lock();
     sync(OURS, READ_INTENT);
     if
     :: !now[PENDING] -> remove_intent()
     :: now[PENDING] -> atomic {
          mine = now[PENDING]; assert(mine != TORN);            /* it is always a whole one */
          o = OWNER(mine); planned = IS_PLAN(mine); reserves = RESERVES(mine);
          fresh = 0; back = planned || (others & ABANDON); k = (planned -> CLEAR : SET_MAPS) }
     fi
  fi
}

/* ---- `jit-guard recover`, and `jit-guard --fix`, which recovers first -------------------------------- */

proctype Process(byte me) {
  byte o, v, w, m, c, k, todo, dirs, failed, tried, mine, lock, opened;
  byte read[MAPS];
  bool recovering, fresh, back, planned, retried, standing, reserves, placing;
  {
    recovering = RECOVERS_FIRST(me);
again:
    k = 4;                              /* the next of four steps: none */
    if
    :: recovering -> find_intent()
    :: !recovering ->
       buy_text();
       take_lock();
       atomic { o = me; fresh = 1; back = 0; planned = 0; retried = 0; reserves = 0; mine = 0; tried = 0; said[me] = 0 };
       if
       :: now[PENDING] -> failed = UNREADABLE                   /* UnfinishedCommitError */
       :: else -> prepare()
       fi;
       if
       :: failed -> failed = 0; said[me] = NOTHING
       :: else -> decide()
       fi
    fi;
    replay();
    if :: mine && !planned && !back && !failed -> is_durable() :: else fi;
    if :: !recovering && !said[me] -> said[me] = (failed -> UNFINISHED : (back -> NOTHING : DONE)) :: else fi;
    if :: MUT == PAID_LATE && !recovering && (others & BUYS) && !now[LEDGER] -> store_text() :: else fi;
    let_go();
    if
    :: recovering && me != RECOVERER && !failed -> recovering = 0; goto again
    :: recovering && me != RECOVERER && failed  -> said[me] = NOTHING
    :: else
    fi;
    atomic { o = 0; v = 0; w = 0; m = 0; c = 0; k = 0; dirs = 0; mine = 0; tried = 0; read[0] = 0; read[MAPS - 1] = 0; alive-- }
  } unless {
    atomic { dead & (1 << me) -> if :: holder == 1 + me -> holder = 0; acting = 0 :: else fi; rest(); alive-- }
  }
}

#include "environment.pml"
