/*
 * What must always hold. The variables here are ghosts: the protocol sets them, and no process
 * decides anything by them.
 */

/* ---- What was reported, and what others did ------------------------------------------------- */

#define DONE       1                    /* all of it is on disk */
#define NOTHING    2                    /* nothing was changed */
#define UNFINISHED 3                    /* `jit-guard recover` is needed */
byte said[2];                           /* by each fix */


byte unseen;                            /* a save that we could not see yet: 1; that we could: 2 */
bool touched[2];                        /* another program changed the entry after it was new */
bool saved_late;                        /* since the map was last read by us */
bool saving;                            /* another program's save in place is in progress */
byte theirs;                            /* the component that another program wrote */
bool may_write;                           /* our temporary files were removed, or a map was saved */
bool unlocked;                          /* the lock file was removed: two commits at once */
bool acting;                            /* between a last look and the call that relies on it */
byte known[2];                          /* what was refused when the fix tried */
bool paid;                              /* the text is in the ledger, or was used */
bool powered, finished;

/* The window that is documented: one step between our last look at a map and its rename. */
inline seen_by_us() { unseen = (unseen == 1 && holder == 1 + me -> 2 : unseen) }

/* No save of another program is lost, but in the window. Called just before a map's rename. */
inline saves_are_kept() {
  assert(now[MAP(m)] == v || unseen == 1 || unlocked);
  if
  :: now[MAP(m)] != v && FIXES > 1 && ENTRY(now[MAP(m)], FIXES - 1 - o) == NEW -> touched[FIXES - 1 - o] = 1
  :: else
  fi;
  if :: now[MAP(m)] != v -> saving = 0 :: else fi
}

/* After the decision nothing needs space on the disk, unless it was taken from us. */
inline needs_space() { assert(may_write || back || unlocked) }

/* An empty file is taken for ours only if the intent says `reserves`, and ours never for theirs. */
inline may_be_ours() { assert(now[COMP(o, c)] != EMPTY || reserves) }
inline is_theirs()   { assert(theirs) }

/* What a trial can find is found before the decision. */
inline was_not_known(what) { assert(!(known[o] & (what))) }

/* What is reported as done is on disk. */
inline is_durable() {
  atomic {
    assert(saved_late || !(disk[MAP(0)] & UNSYNCED));
    assert(!standing || now[COMP(o, 0)] != WHOLE || !(disk[COMP(o, 0)] & UNSYNCED)) }
}

/* Called after a power loss: nothing of what was reported is left to recover. */
inline stays_done() {
  assert(!now[PENDING] || said[OWNER(now[PENDING])] == 0 || said[OWNER(now[PENDING])] == UNFINISHED)
}

/* ---- States at rest: what a check may report -------------------------------------------------- */

#define ALL_MAPS(i, e) (ENTRY(now[MAP(0)], i) == e && ENTRY(now[MAP(MAPS - 1)], i) == e)
#define ANY_MAP(i, e)  (ENTRY(now[MAP(0)], i) == e || ENTRY(now[MAP(MAPS - 1)], i) == e)
#define ALL_THERE(i)   (now[COMP(i, 0)] && now[COMP(i, COMPONENTS - 1)])
#define ANY_THERE(i)   (now[COMP(i, 0)] || now[COMP(i, COMPONENTS - 1)])
#define NO_TEXT(i)     (!ANY_THERE(i) && !now[TEXT(i, 0)] && !now[TEXT(i, COMPONENTS - 1)] && !now[PROBE(i)])
#define FOLDER_IS_EMPTY (NO_TEXT(0) && NO_TEXT(FIXES - 1))

#define DANGLING    1
#define ORPHAN      2
#define INTERRUPTED 4
#define MISSING(i) (ANY_MAP(i, NEW) && !ALL_THERE(i))
#define UNNAMED(i) (!ANY_MAP(i, NEW) && ANY_THERE(i))
byte at_rest;                           /* the findings of states at rest since the check began */

inline rest() {                         /* no commit is in progress now */
  if
  :: !holder -> d_step {
       other = 0;
       if :: MISSING(0) || MISSING(FIXES - 1) -> other = other + DANGLING :: else fi;
       if :: UNNAMED(0) || UNNAMED(FIXES - 1) -> other = other + ORPHAN :: else fi;
       if :: now[PENDING] != NONE -> other = other + INTERRUPTED :: else fi;
       at_rest = at_rest | (1 << other);
       other = 0 }
  :: else
  fi
}

/* ---- After the last recovery ------------------------------------------------------------------- */

#define NEW_STATE(i) (ALL_MAPS(i, NEW) && ALL_THERE(i))
#define OLD_STATE(i) (!ANY_MAP(i, NEW) && (!ANY_THERE(i) || theirs))
#define NOT_BACK     (PLACES | MAPS_REFUSED)    /* refused forward and back */

/* All or nothing: each fix is old or new, as it was reported, and nothing else is left. */
inline judge() {
  d_step {
    if
    :: now[MAP(0)] == TORN || now[MAP(MAPS - 1)] == TORN ->       /* another program's save */
       assert(may_write)
    :: now[PENDING] != NONE && now[MAP(0)] != TORN && now[MAP(MAPS - 1)] != TORN ->
       assert((refused & NOT_BACK) == NOT_BACK)
    :: else ->
       for (each : 0 .. FIXES - 1) {
         assert(touched[each] || NEW_STATE(each) || OLD_STATE(each));
         assert(touched[each] || said[each] != DONE || !ANY_MAP(each, OLD));
         assert(said[each] != NOTHING || !ANY_MAP(each, NEW) || unlocked) }
       each = 0;
       for (each : 0 .. NAMES - 1) {
         if
         :: each >= NEWMAP(0, 0) || each == DRAFT -> assert(now[each] == NONE)
         :: each >= COMP(0, 0) && each < NEWMAP(0, 0) ->
            assert(now[each] != EMPTY || theirs == EMPTY);
            assert(now[each] != TORN || (theirs && !(adopts[0] && ANY_MAP(0, NEW))))
         :: else
         fi }
       assert(!now[FOLDER] || !FOLDER_IS_EMPTY || theirs || unlocked);
       assert(theirs != THEIRS || powered || now[COMP(0, 0)] == THEIRS)
    fi;
    each = 0 }
}
