/*
 * Everything around the protocol: kills and power losses, other programs, checks, and how a run
 * begins and ends.
 */

/* ---- Crashes ------------------------------------------------------------------------------------ */

#define BESIDE 3                        /* another program, as a process */
#define CHECKING 4

proctype Crashes() {
  do
  :: atomic { kills && alive && holder -> kills--; dead = dead | (1 << (holder - 1)) }
  :: atomic { kills && alive && !holder && (others & BUYS) -> kills--; dead = dead | 1 }
  :: atomic { powers -> powers--; dead = 255; power_loss(); rest(); stays_done() }
  :: finished -> break
  od
}

/* ---- Other programs ---------------------------------------------------------------------------- */

inline save(w) {                        /* a save of the first map; nobody syncs it */
  touched[0] = touched[0] || (ENTRY(was, 0) == NEW && ENTRY(w, 0) != NEW);
  touched[FIXES - 1] = touched[FIXES - 1] || (ENTRY(was, FIXES - 1) == NEW && ENTRY(w, FIXES - 1) != NEW);
  settle(MAP(0)); now[MAP(0)] = w; disk[MAP(0)] = disk[MAP(0)] | UNSYNCED;
  moved = moved & ~(1 << NEWMAP(0, 0)) & ~(1 << NEWMAP(FIXES - 1, 0));
  unseen = 1; may_write = 1; saved_late = 1
}

/* An editor: another key, or the entry of fix 0 as well; saved by a rename, or in place. */
proctype Editor() {
  byte v, w, was;
  {
    atomic { now[MAP(0)] != TORN -> v = now[MAP(0)] };
    if
    :: w = SAVED(v)
    :: ENTRY(v, 0) != OTHER -> w = SAVED(SET(v, 0, OTHER))
    fi;
    if
    :: atomic { was = now[MAP(0)]; save(w) }
    :: atomic { was = now[MAP(0)]; save(TORN); saving = 1 };
       atomic { if :: saving -> save(w) :: else fi; saving = 0 }    /* else its file is gone */
    fi;
    atomic { v = 0; w = 0; was = 0; alive-- }
  } unless { atomic { dead & (1 << BESIDE) -> saving = 0; alive-- } }
}

/* A component is written by hand where ours shall be: the same bytes, others, or none. */
proctype Author() {
  {
    if
    :: atomic { !now[COMP(0, 0)] && (now[FOLDER] || disk[FOLDER] == 1 << NONE) ->
         if :: !now[FOLDER] -> now[FOLDER] = WHOLE; disk[FOLDER] = disk[FOLDER] | (1 << WHOLE) :: else fi;
         if :: now[COMP(0, 0)] = WHOLE :: now[COMP(0, 0)] = THEIRS :: now[COMP(0, 0)] = EMPTY fi;
         disk[COMP(0, 0)] = disk[COMP(0, 0)] | UNSYNCED; theirs = now[COMP(0, 0)] }
    :: skip
    fi;
    alive--
  } unless { atomic { dead & (1 << BESIDE) -> alive-- } }
}

/* The system begins to refuse something for good: links perhaps from the start, and more at once. */
proctype Trouble() {
  byte more;
  {
    atomic {
      if :: more = LINKS :: !(others & CLEAN_X) -> more = PLACES :: !(others & CLEAN_X) -> more = MAPS_REFUSED
         :: !(others & CLEAN_X) -> more = LINKS | PLACES
         :: !(others & CLEAN_X) -> more = LINKS | PLACES | MAPS_REFUSED fi;
      refused = refused | more; more = 0; alive-- }
  } unless { atomic { dead & (1 << BESIDE) -> alive-- } }
}

/* `git clean -fd` removes the temporary files of fix 0, and the directory if it is empty. */
inline clean() {
  may_write = 1; gone(NEWMAP(0, 0)); gone(TEXT(0, 0)); gone(PROBE(0));
  if :: now[FOLDER] && FOLDER_IS_EMPTY -> gone(FOLDER) :: else fi
}
proctype Cleaner() {
  {
    if
    :: atomic { now[NEWMAP(0, 0)] || now[TEXT(0, 0)] -> clean() }
    :: skip
    fi;
    alive--
  } unless { atomic { dead & (1 << BESIDE) -> alive-- } }
}

/* `git clean -xfd` beside the commit of fix 0, and then the next commit, of which only the intent
   matters here. If it makes a new lock file before git removes .jit-guard, that directory stays;
   not between our last look at our lock or intent and the call after it, where it would not help. */
inline clean_all() { lock_file = 0; holder = 0; unlocked = 1; gone(PENDING); gone(DRAFT); clean() }
proctype CleanX() {
  if
  :: alive == 1                         /* nobody commits any more */
  :: atomic { holder == 1 -> clean_all(); gone(STATE); generation++ }
  :: atomic { holder == 1 && !acting -> clean_all() }
  fi;
  if
  :: skip
  :: atomic { !holder -> locks++; lock_file = locks; holder = 1 + BESIDE; now[STATE] = WHOLE; now[PENDING] = PLAN(1) };
     atomic { assert(now[PENDING] == PLAN(1)); now[PENDING] = INTENT(1) };
     atomic { assert(now[PENDING] == INTENT(1)); now[PENDING] = NONE; holder = 0 }
  fi;
  alive--
}

/* ---- A check, a hook, or `Guard.check` ---------------------------------------------------------- */

inline look() {                         /* components, map and intent, one after another, or reversed */
  atomic { l = 0; if :: order = 0 :: order = 1 fi };
  do
  :: l < 3 && (order -> 2 - l : l) == 0 ->
     atomic { all0 = ALL_THERE(0); all1 = ALL_THERE(FIXES - 1);
              any0 = ANY_THERE(0); any1 = ANY_THERE(FIXES - 1); l++ }
  :: l < 3 && l == 1 ->
     atomic { named0 = ANY_MAP(0, NEW); named1 = ANY_MAP(FIXES - 1, NEW); l++ }
  :: l < 3 && (order -> 2 - l : l) == 2 ->
     atomic { found = (now[PENDING] -> INTERRUPTED : 0); l++ }
  :: l == 3 -> break
  od;
  atomic {
    if :: (named0 && !all0) || (named1 && !all1) -> found = found + DANGLING :: else fi;
    if :: (any0 && !named0) || (any1 && !named1) -> found = found + ORPHAN :: else fi;
    l = 0; order = 0; all0 = 0; any0 = 0; named0 = 0; all1 = 0; any1 = 0; named1 = 0 }
}

/* What it finds, it looks at again while no commit is in progress: Guard._check. */
proctype Check() {
  byte found, l;
  bool order, all0, any0, named0, all1, any1, named1, locked;
  {
    atomic { at_rest = 0; rest() };
    look();
    if
    :: !found
    :: found ->
       atomic {
         if
         :: MUT == NO_SECOND_LOOK || MUT == LOOKS_IF_PENDING && !now[PENDING]
         :: !(MUT == NO_SECOND_LOOK || MUT == LOOKS_IF_PENDING && !now[PENDING]) && !lock_file  /* no commit ever */
         :: !(MUT == NO_SECOND_LOOK || MUT == LOOKS_IF_PENDING && !now[PENDING]) && lock_file && !holder -> readers++; locked = 1
         fi };
       if :: locked -> look() :: else fi;
       atomic { assert(!found || at_rest & (1 << found)); found = 0;
                if :: locked -> readers-- :: else fi }
    fi;
    alive--
  } unless { atomic { dead & (1 << CHECKING) -> alive-- } }
}

/* ---- A run ----------------------------------------------------------------------------------------- */

#ifndef TRACE
#define BUYS_AGAIN ((others & BUYS) && now[MAP(0)] != TORN && ENTRY(now[MAP(0)], 0) == OLD)
init {
  bool again;
  atomic {
    place_names();
    for (each : 0 .. NAMES - 1) { disk[each] = 1 << NONE }
    for (each : 0 .. MAPS - 1) { now[MAP(each)] = 2; disk[MAP(each)] = 1 << 2 }
    each = 0; generation = 1;
    c_code {
      now.MUT = given("MUT"); now.kills = given("KILLS"); now.powers = given("POWER");
      now.others = given("OTHERS"); };
    powered = powers > 0;
    run Crashes();
    alive = FIXES; run Process(0);
    if :: FIXES > 1 -> run Process(1) :: else fi;
    if :: others & EDITOR  -> alive++; run Editor()  :: else fi;
    if :: others & AUTHOR  -> alive++; run Author()  :: else fi;
    if :: others & TROUBLE -> alive++; run Trouble(); if :: !(others & CLEAN_X) -> refused = LINKS :: skip fi :: else fi;
    if :: others & EARLY   -> alive++; run Process(RECOVERER) :: else fi;
    if :: others & CLEANER -> alive++; run Cleaner() :: else fi;
    if :: others & CLEAN_X -> alive++; run CleanX()  :: else fi;
    if :: others & CHECK   -> alive++; run Check()   :: else fi
  }
  do                                    /* recover until a recovery is not interrupted */
  :: atomic { !alive -> dead = 0; alive = 1; run Process(RECOVERER) };
     if
     :: !alive && dead
     :: atomic { !alive && !dead && BUYS_AGAIN && !again -> again = 1; alive = 1; run Process(0) };
        !alive                          /* the fix runs again */
     :: atomic { !alive && !dead && (again || !BUYS_AGAIN) -> finished = 1 }; break
     fi
  od;
  atomic { if :: powers -> powers--; power_loss() :: skip fi };
  judge()
}
#else
/* A sync more than the protocol asks for does no harm. */
proctype More() {
  do
  :: atomic { c_expr { next_is_sync(now.position) } -> position++; c_code { matched(now.position); } }
  :: finished -> break
  od
}

/* Is the trace a behaviour of the model? The processes that made it run, one after another. */
init {
  byte actors;
  atomic {
    c_code {
      int i;
      if (steps_in_all < 0) { load(); }
      for (i = 0; i < (int) sizeof start; i++) { now.now[i] = start[i]; now.disk[i] = 1 << start[i]; }
      now.makes[0] = given("MAKES"); now.replaces[0] = given("REPLACES");
      now.MUT = given("MUT"); now.kills = given("KILLS"); now.others = given("OTHERS");
      now.refused = given("REFUSED"); Pinit->actors = given("ACTORS"); };
    place_names(); may_write = 1; generation = 1;
    run Crashes(); run More();
    if :: others & TROUBLE -> alive = 1; run Trouble() :: else fi;
    if :: actors & 1 -> alive++; run Process(0) :: else fi
  }
  if
  :: !alive && !(actors & 2)
  :: atomic { !alive && (actors & 2) -> dead = 0; alive = 1; run Process(RECOVERER) }; !alive
  fi;
  finished = 1;
  c_code { at_the_end(now.position); }
}
#endif
