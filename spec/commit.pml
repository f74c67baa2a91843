/*
 * The commit of jit-guard, for the model checker spin. README.md explains how to run it, what each
 * action is in the code, and what is left out.
 *
 * Two fixes change one or two maps and place components, a reader checks the project, somebody
 * saves a map, `git clean -xfd` removes .jit-guard/, processes are killed and the power fails.
 * Every interleaving of these is tried. MUT leaves out one step or changes one order, to show
 * that the invariants notice it; 0 is the protocol.
 */

#ifndef MAPS
#define MAPS 1          /* maps of each commit */
#endif
#ifndef COMPONENTS
#define COMPONENTS 1    /* components of each commit, all in one new directory */
#endif
#ifndef FIXES
#define FIXES 1         /* concurrent commits, each with entries and components of its own */
#endif

/* Read from the environment when the checker starts, so that one build checks many cases. */
byte MUT;               /* the mutation: what is left out or swapped; 0: nothing */
byte kills, powers;     /* how many processes are killed, how often the power fails */
byte others;            /* who else is there: EDITOR, AUTHOR, ... as bits */
#define EDITOR 1
#define AUTHOR 2
#define TROUBLE 4
#define CHECK 8
#define CLEANER 16
#define EARLY 32        /* a recovery that may begin at any time, beside everybody else */
c_decl {
static int given(const char *name) { return getenv(name) ? atoi(getenv(name)) : 0; }
}

/* ---- The disk ---------------------------------------------------------------------------- */

/* A slot is one name in one directory. now[] is what running processes see behind it. disk[] is
   the set of what a power loss may leave there, as bits; UNSYNCED is the bit for a file that is
   there, but whose bytes may be lost or cut off. */
#define PENDING      0                        /* .jit-guard/pending.json */
#define DRAFT        1                        /* .jit-guard/pending.json.tmp */
#define STATE        2                        /* .jit-guard */
#define FOLDER       3                        /* the directory of the components */
#define MAP(m)       (4 + (m))
#define NEWMAP(i, m) (4 + MAPS + (i) * MAPS + (m))
#define COMP(i, c)   (4 + MAPS + FIXES * MAPS + (i) * COMPONENTS + (c))
#define TEXT(i, c)   (4 + MAPS + FIXES * MAPS + (FIXES + (i)) * COMPONENTS + (c))
#define SLOTS        (4 + MAPS + FIXES * MAPS + 2 * FIXES * COMPONENTS)

/* Directories, as bits of a set to sync: ROOT has the first map, .jit-guard and the new maps. */
#define ROOT  1
#define ABOVE 2                               /* has FOLDER */
#define COMPS 4                               /* has the components and their temporary names */
#define OURS  8                               /* .jit-guard: has PENDING and DRAFT */
#define OTHER_ROOT 16                         /* has the second map */

#define NONE 0                                /* no such name */
#define BAD  1                                /* a file that is empty, cut off or zeros */
#define THERE 2                               /* a directory; a whole component of ours */
#define THEIRS 3                              /* a component that somebody else wrote */
#define STALE 4                               /* a draft that the commit is to replace */
#define PLAN(i)   (2 + (i))
#define INTENT(i) (4 + (i))
#define UNSYNCED (1 << 30)

/* A map: an entry of each fix (old, new, or decided otherwise), and a key of somebody else's. */
#define OLD   0
#define NEW   1
#define OTHER 2
#define ENTRY(v, i)      ((((v) - 2) / (i -> 3 : 1)) % 3)
#define KEY(v)           (((v) - 2) / 9)
#define SET(v, i, e)     ((v) + ((e) - ENTRY(v, i)) * (i -> 3 : 1))
#define SAVED(v)         (KEY(v) -> (v) : (v) + 9)

byte now[SLOTS];
int  disk[SLOTS];
byte moved[MAPS];       /* 1 + the fix whose new map was renamed over map m, not yet synced */
byte stuck;             /* directories in which every change fails from now on, for ever */

/* What a new file behind a name means for a power loss of the one before it. */
inline settle(s) {
  if
  :: disk[s] & UNSYNCED -> disk[s] = (disk[s] & ~UNSYNCED) | (1 << BAD) | (1 << now[s])
  :: else
  fi
}

/* The system calls. Each is one step; in a run with TRACE it must also be the next of the trace. */
#define WRITE 1
#define FSYNC 2
#define RENAME 3
#define LINK 4
#define UNLINK 5
#define MKDIR 6
#define RMDIR 7
#define SYNCDIR 8

#ifdef TRACE
c_decl {
\#include "traces.h"
}
byte position, t_call, t_slot, t_value;
bool abandon;           /* `jit-guard recover --abandon` */
#define TRACED(call, slot, value) \
  t_call = call; t_slot = slot; t_value = value; \
  c_expr { next_is(now.position, now.t_call, now.t_slot, now.t_value) }; \
  position++; c_code { matched(now.position); };
#else
#define TRACED(call, slot, value)
#define abandon false
#endif

inline write(s, v) {    /* create and write a file; its bytes are not synced */
  atomic { TRACED(WRITE, s, v) acted();
    d_step { settle(s); now[s] = v; disk[s] = disk[s] | UNSYNCED } }
}

inline fsync(s, n) {    /* n: the mutation that leaves it out */
  if
  :: MUT == n
  :: atomic { MUT != n -> TRACED(FSYNC, s, 0) acted();
       d_step {
         if
         :: disk[s] & UNSYNCED -> disk[s] = (disk[s] & ~UNSYNCED) | (1 << now[s])
         :: else
         fi } }
  fi
}

inline shift(s, t) {    /* t gets the file of s */
  settle(t); now[t] = now[s];
  if
  :: disk[s] & UNSYNCED -> disk[t] = disk[t] | UNSYNCED
  :: else -> disk[t] = disk[t] | (1 << now[s])
  fi
}

inline gone(s) { settle(s); now[s] = NONE; disk[s] = disk[s] | (1 << NONE) }

inline rename(s, t) { atomic { TRACED(RENAME, s, t) acted(); d_step { shift(s, t); gone(s) } } }
inline unlink(s)    { atomic { TRACED(UNLINK, s, 0) acted(); d_step { gone(s) } } }
inline mkdir(s)     { atomic { TRACED(MKDIR, s, 0) acted();
                               d_step { now[s] = THERE; disk[s] = disk[s] | (1 << THERE) } } }
inline rmdir(s)     { atomic { TRACED(RMDIR, s, 0) acted(); d_step { gone(s) } } }

#define IN(s, d) ( \
  ((d) == OURS  && (s) <= DRAFT) || \
  ((d) == ROOT  && ((s) == STATE || (s) == MAP(0) || first_map_of(s))) || \
  ((d) == ABOVE && (s) == FOLDER) || \
  ((d) == COMPS && (s) >= COMP(0, 0)) || \
  ((d) == OTHER_ROOT && (s) > FOLDER && (s) < COMP(0, 0) && (s) != MAP(0) && !first_map_of(s)) )
#if FIXES == 1
#define first_map_of(s) ((s) == NEWMAP(0, 0))
#else
#define first_map_of(s) ((s) == NEWMAP(0, 0) || (s) == NEWMAP(1, 0))
#endif

inline sync_one(d) {
  atomic { TRACED(SYNCDIR, d, 0) acted();
    d_step {
      for (each : 0 .. SLOTS - 1) {
        if
        :: IN(each, d) -> disk[each] = ((disk[each] & UNSYNCED) -> UNSYNCED : (1 << now[each]))
        :: (d) == ABOVE && !now[FOLDER] && IN(each, COMPS) -> disk[each] = 1 << NONE
        :: else
        fi }
      if :: (d) == ROOT -> moved[0] = 0 :: (d) == OTHER_ROOT -> moved[MAPS - 1] = 0 :: else fi;
      each = 0 } }
}

/* Sync the directories of a set; a trace may have them in any order, which changes nothing. */
inline sync(which, n) {
  todo = (MUT == n -> 0 : which);
  do
#ifdef TRACE
  :: todo & ROOT  -> todo = todo & ~ROOT;  sync_one(ROOT)
  :: todo & ABOVE -> todo = todo & ~ABOVE; sync_one(ABOVE)
  :: todo & COMPS -> todo = todo & ~COMPS; sync_one(COMPS)
#else
  :: todo & ROOT                                -> todo = todo & ~ROOT;  sync_one(ROOT)
  :: (todo & ABOVE) && !(todo & ROOT)           -> todo = todo & ~ABOVE; sync_one(ABOVE)
  :: (todo & COMPS) && !(todo & (ROOT | ABOVE)) -> todo = todo & ~COMPS; sync_one(COMPS)
#endif
#if MAPS > 1
  :: (todo & OTHER_ROOT) && !(todo & 7) -> todo = todo & ~OTHER_ROOT; sync_one(OTHER_ROOT)
#endif
  :: todo & OURS -> todo = todo & ~OURS; sync_one(OURS)
  :: !todo -> break
  od
}
#if MAPS > 1
#define MAP_DIRS (ROOT | OTHER_ROOT)
#define MAP_DIR(m) ((m) -> OTHER_ROOT : ROOT)
#else
#define MAP_DIRS ROOT
#define MAP_DIR(m) ROOT
#endif

/* The power fails: of everything that is not synced, any part may be lost. A rename within one
   directory is lost as a whole or not at all. All locks are free, all processes gone. */
inline power_loss() {
  each = 0;
  do
  :: each < SLOTS ->
     chosen = 0;
     do
     :: disk[each] & (1 << chosen) -> break
     :: disk[each] >> (chosen + 1) -> chosen++
     od;
     if
     :: each >= MAP(0) && each < NEWMAP(0, 0) && moved[each - MAP(0)] ->
        other = NEWMAP(moved[each - MAP(0)] - 1, each - MAP(0));
        if
        :: chosen == 30 || chosen == now[each] -> disk[other] = 1 << NONE
        :: else -> disk[other] = disk[other] & ~(1 << NONE)
        fi;
        moved[each - MAP(0)] = 0
     :: else
     fi;
     if
     :: chosen == 30 -> if :: chosen = now[each] :: chosen = BAD fi
     :: else
     fi;
     now[each] = chosen;
     disk[each] = 1 << chosen;
     each++
  :: else -> break
  od;
  each = 0;
  d_step {
    for (each : 0 .. SLOTS - 1) {           /* a lost directory takes what is in it along */
      if
      :: (IN(each, OURS) && !now[STATE]) || (IN(each, COMPS) && !now[FOLDER]) ->
         now[each] = NONE; disk[each] = 1 << NONE
      :: else
      fi }
    each = 0; chosen = 0; other = 0;
    holder = 0; readers = 0 }
}
byte each, chosen, other;

/* ---- Ghosts: what the invariants speak of, and no process reads ----------------------------- */

#define DONE 1                      /* reported: all is on disk */
#define NOTHING 2                   /* reported: nothing was changed */
#define UNFINISHED 3                /* reported: run `jit-guard recover` */
byte said[2];
bool touched[2];                    /* somebody changed the entry again after it was new */
byte unseen;                        /* a save that no process could see yet: 1; could: 2 */
bool saved_late;                    /* since the map was last read */
bool may_write;                     /* our temporary files were taken, or the map was saved */
byte at_rest;                       /* the findings of states at rest since the check began */

bool in_place;                      /* somebody's save in place is under way */
byte theirs;                        /* the component that somebody wrote by hand */
bool lost;                          /* a save was lost in the documented window */
bool finished, powered;

inline acted() { unseen = (unseen == 1 && holder == 1 + me -> 2 : unseen) }

#define ALL_MAPS(i, e) (ENTRY(now[MAP(0)], i) == e && ENTRY(now[MAP(MAPS - 1)], i) == e)
#define ANY_MAP(i, e)  (ENTRY(now[MAP(0)], i) == e || ENTRY(now[MAP(MAPS - 1)], i) == e)
#define ALL_THERE(i)   (now[COMP(i, 0)] && now[COMP(i, COMPONENTS - 1)])
#define ANY_THERE(i)   (now[COMP(i, 0)] || now[COMP(i, COMPONENTS - 1)])

#define DANGLING 1
#define ORPHAN 2
#define INTERRUPTED 4
#define MISSING(i) (ANY_MAP(i, NEW) && !ALL_THERE(i))
#define UNNAMED(i) (!ANY_MAP(i, NEW) && ANY_THERE(i))

/* Called whenever a state at rest may end or has just begun. */
inline rest() {
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

/* ---- The lock, and processes that die ------------------------------------------------------- */

byte holder;                        /* of the exclusive lock: 1 + its process */
byte readers;                       /* of the shared one */
bool lock_file;                     /* it exists as soon as there was a commit */
byte dead;                          /* processes that were killed, as bits */
byte alive;

#define RECOVERER 2                 /* fixes are processes 0 and 1 */
#define EDITING 3
#define CHECKING 4

inline lock() {
  atomic { !holder && !readers -> rest(); holder = 1 + me; lock_file = 1 }
}
inline release() {
  atomic { if :: holder == 1 + me -> holder = 0; rest() :: else fi }
}

proctype Crashes() {
  do
  :: atomic { kills && alive && holder -> kills--; dead = dead | (1 << (holder - 1)) }
  :: atomic {
       powers -> powers--; dead = 255; power_loss(); rest();
       /* What was reported stays: there is nothing to recover. */
       assert(!now[PENDING] || said[(now[PENDING] - 2) % 2] % UNFINISHED == 0) }
  :: finished -> break
  od
}

/* ---- The commit ------------------------------------------------------------------------------- */

bool makes[2];                      /* the plan of fix i makes FOLDER */
byte adopts[2], replaces[2];        /* its components that are there already; drafts; as bits */

#define STUCK 1                     /* failed: repeating it will not help */
#define UNREADABLE 2                /* failed: the map does not parse */

inline write_intent(value, f, d) {  /* intent.write */
  if :: now[DRAFT] -> unlink(DRAFT) :: else fi;
  write(DRAFT, value);
  fsync(DRAFT, f);
  rename(DRAFT, PENDING);
  sync(OURS, d)
}

inline make() {                     /* preparation.make */
  if :: makes[o] && !now[FOLDER] -> mkdir(FOLDER) :: else fi;
  sync(MAP_DIRS | ABOVE | COMPS, 6);
  c = 0;
  do
  :: c < COMPONENTS && !(adopts[o] & (1 << c)) ->
     write(TEXT(o, c), THERE); fsync(TEXT(o, c), 7); c++
  :: c < COMPONENTS && (adopts[o] & (1 << c)) ->
     fsync(COMP(o, c), 8); c++
  :: else -> break
  od;
  m = 0;
  do
  :: m < MAPS -> write(NEWMAP(o, m), SET(read[m], o, NEW)); fsync(NEWMAP(o, m), 9); m++
  :: else -> break
  od;
  sync(MAP_DIRS | COMPS, 10)
}

inline prepare_map() {              /* set_maps._prepare_map: w is what the map shall be */
  if
  :: now[NEWMAP(o, m)] == w && fresh
  :: now[NEWMAP(o, m)] == w && !fresh -> fsync(NEWMAP(o, m), 11)
  :: else ->
     assert(may_write || stuck);    /* after the decision nothing needs disk space */
     if :: now[NEWMAP(o, m)] -> unlink(NEWMAP(o, m)) :: else fi;
     write(NEWMAP(o, m), w);
     fsync(NEWMAP(o, m), 12)
  fi
}

inline rename_map() {
  if
  :: !now[NEWMAP(o, m)] -> failed = UNREADABLE   /* somebody removed it just now: ENOENT */
  :: atomic { now[NEWMAP(o, m)] ->
    TRACED(RENAME, NEWMAP(o, m), MAP(m))
    assert(now[MAP(m)] == v || unseen == 1);  /* nobody else's save is lost, but in the window */
    if :: now[MAP(m)] != v -> lost = 1; in_place = 0 :: else fi;
    acted();
    d_step {
      if
      :: MUT == 42 ->               /* written in place */
         now[MAP(m)] = BAD; disk[MAP(m)] = disk[MAP(m)] | (1 << BAD)
      :: else ->
         shift(NEWMAP(o, m), MAP(m)); gone(NEWMAP(o, m)); moved[m] = 1 + o
      fi } }
  fi;
  if
  :: MUT == 42 -> d_step { now[MAP(m)] = w; disk[MAP(m)] = disk[MAP(m)] | UNSYNCED; gone(NEWMAP(o, m)) }
  :: else
  fi
}

inline set_maps() {                 /* step 5: the commit point */
  m = 0; standing = 0;
  do
  :: m < MAPS && !failed ->
     atomic { saved_late = saved_late && m; v = now[MAP(m)]; e = (v == BAD -> OTHER : ENTRY(v, o)) };
     if
     :: v == BAD && !back -> failed = UNREADABLE
     :: v == BAD && back -> m++
     :: v != BAD && e == (back -> NEW : OLD) ->
        w = SET(v, o, (back -> OLD : NEW));
        prepare_map();
        if
        :: now[MAP(m)] != v && MUT != 44      /* saved meanwhile: once more */
        :: (now[MAP(m)] == v || MUT == 44) && (stuck & MAP_DIR(m)) -> failed = STUCK
        :: (now[MAP(m)] == v || MUT == 44) && !(stuck & MAP_DIR(m)) ->
           /* A save between these two steps is lost: the one documented window. */
           rename_map();
           if :: !failed -> standing = !back; m++ :: else fi
        fi
     :: else -> fsync(MAP(m), 15); standing = standing | (e == NEW && !back); m++
     fi
  :: else -> break
  od;
  if :: !failed -> sync(MAP_DIRS, 16) :: else fi
}

inline prepare_text() {             /* place_components._prepare_component */
  if
  :: now[TEXT(o, c)] == THERE && fresh
  :: now[TEXT(o, c)] == THERE && !fresh -> fsync(TEXT(o, c), 13)
  :: else ->
     assert(may_write || stuck);
     if :: !now[FOLDER] -> mkdir(FOLDER); sync(ROOT | ABOVE | COMPS, 21) :: else fi;
     if :: now[TEXT(o, c)] -> unlink(TEXT(o, c)) :: else fi;
     write(TEXT(o, c), THERE);
     fsync(TEXT(o, c), 14)
  fi
}

inline place() {                    /* step 6 */
  c = 0;
  do
  :: c < COMPONENTS && !failed ->
     if
     :: !standing ->                          /* nobody wants it: ours is removed again */
        if
        :: now[COMP(o, c)] == THERE && !((adopts[o] | replaces[o]) & (1 << c)) && !ANY_MAP(o, NEW) ->
           unlink(COMP(o, c)); c++
        :: else -> c++
        fi
     :: standing && !now[COMP(o, c)] ->
        prepare_text();
        if
        :: stuck & COMPS -> failed = STUCK
        :: !(stuck & COMPS) && MUT == 46 ->   /* created under its final name, then written */
           write(COMP(o, c), BAD);
           now[COMP(o, c)] = THERE;
           fsync(COMP(o, c), 99);
           c++
        :: !(stuck & COMPS) && MUT != 46 ->   /* durable.place: on EEXIST, look again */
           atomic {
             if
             :: !now[TEXT(o, c)] -> failed = UNREADABLE
             :: now[TEXT(o, c)] && now[COMP(o, c)] && MUT != 45
             :: now[TEXT(o, c)] && (!now[COMP(o, c)] || MUT == 45) ->
                TRACED(LINK, TEXT(o, c), COMP(o, c)) acted();
                d_step { shift(TEXT(o, c), COMP(o, c)) };
                c++
             fi }
        fi
     :: standing && now[COMP(o, c)] == THERE -> fsync(COMP(o, c), 17); c++
     :: standing && now[COMP(o, c)] == STALE && (replaces[o] & (1 << c)) ->
        prepare_text();
        if
        :: stuck & COMPS -> failed = STUCK
        :: else -> rename(TEXT(o, c), COMP(o, c)); c++
        fi
     :: else -> c++                           /* somebody else's: it stays */
     fi
  :: else -> break
  od;
  if :: !failed && now[FOLDER] -> sync(COMPS, 18) :: else fi
}

#if FIXES == 1
#define EMPTY (!ANY_THERE(0) && !now[TEXT(0, 0)] && !now[TEXT(0, COMPONENTS - 1)])
#else
#define EMPTY (!ANY_THERE(0) && !now[TEXT(0, 0)] && !now[TEXT(0, COMPONENTS - 1)] && \
               !ANY_THERE(1) && !now[TEXT(1, 0)] && !now[TEXT(1, COMPONENTS - 1)])
#endif

inline clear() {                    /* recovery.remove_temporaries */
  c = 0; dirs = (now[FOLDER] -> COMPS : 0);
  do
  :: c < COMPONENTS && now[TEXT(o, c)]  -> unlink(TEXT(o, c)); c++
  :: c < COMPONENTS && !now[TEXT(o, c)] -> c++
  :: c == COMPONENTS -> break
  od;
  m = 0;
  do
  :: m < MAPS && now[NEWMAP(o, m)]  -> unlink(NEWMAP(o, m)); dirs = dirs | MAP_DIR(m); m++
  :: m < MAPS && !now[NEWMAP(o, m)] -> dirs = dirs | (fresh -> 0 : MAP_DIR(m)); m++
  :: m == MAPS -> break
  od;
  if
  :: makes[o] && now[FOLDER] && !EMPTY -> dirs = dirs | (fresh -> 0 : ABOVE)
  :: makes[o] && now[FOLDER] && EMPTY -> rmdir(FOLDER); dirs = (dirs & ~COMPS) | ABOVE
  :: makes[o] && !now[FOLDER] -> dirs = dirs | (fresh -> 0 : ABOVE)
  :: !makes[o]
  fi;
  sync(dirs, 19)
}
inline forget() {                   /* step 7: intent.remove */
  if :: now[DRAFT] -> unlink(DRAFT) :: else fi;
  if
  :: MUT == 41
  :: MUT != 41 && now[PENDING] -> unlink(PENDING)
  :: MUT != 41 && !now[PENDING]
  fi;
  sync(OURS, 20)
}

/* recovery.STEPS, and other orders of them. */
#define STEP(k) ( \
  (MUT == 35 || (MUT == 54 && back)) -> ((k) < 2 -> 1 - (k) : (k)) : ( \
  MUT == 36 -> ((k) % 3 -> 3 - (k) : (k)) : ( \
  MUT == 37 -> ((k) == 3 -> 3 : ((k) + 2) % 3) : ( \
  MUT == 38 -> ((k) < 2 -> (k) : 5 - (k)) : ( \
  MUT == 39 -> ((k) == 0 -> 0 : ((k) == 1 -> 3 : (k) - 1)) : ( \
  MUT == 40 -> ((k) == 0 -> 3 : (k) - 1) : (k)))))))

/* What comes before the decision, and other orders of it. */
#define BEFORE(k) ( \
  MUT == 32 -> ((k) < 2 -> 1 - (k) : (k)) : ( \
  MUT == 33 -> ((k) % 3 -> 3 - (k) : (k)) : (k)))

proctype Process(byte me) {
  byte o, v, e, w, m, c, k, todo, dirs, failed;
  byte read[MAPS];
  bool fresh, back, standing, planned;
  {
    if :: me != RECOVERER && !now[STATE] -> mkdir(STATE) :: else fi;
    lock();
again:
    if
    :: now[PENDING] == NONE && (me == RECOVERER || said[me]) ->
       if
       :: now[DRAFT] -> forget()
       :: !now[DRAFT] && now[STATE] -> sync(OURS, 22)   /* the removal by one who was killed */
       :: !now[DRAFT] && !now[STATE]
       fi;
       goto finished_it
    :: now[PENDING] == NONE && me != RECOVERER && !said[me] ->
       o = me; fresh = 1; back = 0; planned = 0; failed = 0;
       sync(ROOT, 1);
       m = 0;
       do
       :: m < MAPS -> read[m] = now[MAP(m)];
          if
          :: read[m] != BAD && ENTRY(read[m], o) == OLD -> m++
          :: else -> said[me] = NOTHING; goto finished_it
          fi
       :: else -> break
       od;
       if
       :: stuck -> said[me] = NOTHING; goto finished_it
       :: else
       fi;
       atomic {
         makes[o] = !now[FOLDER]; adopts[o] = 0; c = 0;
         do
         :: c < COMPONENTS && !now[COMP(o, c)] -> c++
         :: c < COMPONENTS && now[COMP(o, c)] == THERE -> adopts[o] = adopts[o] | (1 << c); c++
         :: c < COMPONENTS && now[COMP(o, c)] == STALE && (replaces[o] & (1 << c)) -> c++
         :: c < COMPONENTS && now[COMP(o, c)] > THERE && !(replaces[o] & (1 << c)) -> said[me] = NOTHING; goto finished_it
         :: c == COMPONENTS -> break
         od };
       k = 0;
       do
       :: k < 3 && BEFORE(k) == 0 && MUT != 30 -> write_intent(PLAN(o), 2, 3); k++
       :: k < 3 && BEFORE(k) == 1              -> make(); k++;
          if
          :: MUT == 34 ->
             m = 0; v = read[0]; w = SET(v, o, NEW); rename_map(); sync_one(ROOT)
          :: else
          fi
       :: k < 3 && BEFORE(k) == 2 && MUT != 31 -> write_intent(INTENT(o), 4, 5); k++
       :: k < 3 && BEFORE(k) == 2 && MUT != 33 ->
          planned = 1; back = 1; fresh = 0; break    /* a write failed: it is undone */
       :: k < 3 && (BEFORE(k) == 0 && MUT == 30 || BEFORE(k) == 2 && MUT == 31) -> k++
       :: k == 3 -> break
       od;
    :: now[PENDING] != NONE ->
       assert(now[PENDING] != BAD); /* it is always a whole one */
       o = (now[PENDING] - 2) % 2; planned = now[PENDING] < 4; fresh = 0; back = planned || abandon;
       sync(OURS, 23)               /* its writer may have been killed before it did */
    fi;
    k = (planned -> 2 : 0);
    do
    :: k < 4 ->
       if
       :: k == 3 && MUT == 43 -> release()
       :: k == 3 && MUT == 50 && o == me && !back -> said[me] = DONE
       :: else
       fi;
       if
       :: STEP(k) == 0 -> set_maps()
       :: STEP(k) == 1 -> place()
       :: STEP(k) == 2 -> clear()
       :: STEP(k) == 3 -> forget()
       fi;
       if
       :: !failed -> k++
       :: failed == STUCK && !back && MUT != 55 -> back = 1; fresh = 0; failed = 0; k = 0
       :: else -> break
       fi
    :: else -> break
    od;
    if
    :: failed || planned || back
    :: !failed && !planned && !back ->       /* what is reported now is on disk */
       atomic {
         assert(saved_late || !(disk[MAP(0)] & UNSYNCED));
         assert(!standing || now[COMP(o, 0)] != THERE || !(disk[COMP(o, 0)] & UNSYNCED)) }
    fi;
    if
    :: o == me -> said[me] = (failed -> UNFINISHED : (back -> NOTHING : DONE))
    :: o != me && failed && me != RECOVERER -> said[me] = NOTHING
    :: o != me && !failed && me != RECOVERER -> goto again     /* now its own commit */
    :: o != me && me == RECOVERER
    fi;
finished_it:
    atomic { release(); o = 0; v = 0; e = 0; w = 0; m = 0; c = 0; k = 0; alive-- }
  } unless {
    atomic {
      dead & (1 << me) -> if :: holder == 1 + me -> holder = 0 :: else fi; rest(); alive-- }
  }
}

/* ---- Everybody else ----------------------------------------------------------------------------- */

/* A save of the first map. Nobody syncs it. */
inline save(w) {
  touched[0] = touched[0] || (ENTRY(was, 0) == NEW && ENTRY(w, 0) != NEW);
  touched[FIXES - 1] = touched[FIXES - 1] ||
    (ENTRY(was, FIXES - 1) == NEW && ENTRY(w, FIXES - 1) != NEW);
  settle(MAP(0)); now[MAP(0)] = w; disk[MAP(0)] = disk[MAP(0)] | UNSYNCED;
  moved[0] = 0; unseen = 1; may_write = 1; saved_late = 1
}

/* Somebody edits the first map: a key of their own, or the entry of fix 0 as well. It is saved
   under another name and renamed over the map, or written in place. */
proctype Editor() {
  byte v, w, was;
  {
    atomic { now[MAP(0)] != BAD -> v = now[MAP(0)] };
    if
    :: w = SAVED(v)
    :: ENTRY(v, 0) != OTHER -> w = SAVED(SET(v, 0, OTHER))
    fi;
    if
    :: atomic { was = now[MAP(0)]; save(w) }
    :: atomic { was = now[MAP(0)]; save(BAD); in_place = 1 };
       atomic { if :: in_place -> save(w) :: else fi; in_place = 0 }   /* else its file is gone */
    fi;
    atomic { v = 0; w = 0; was = 0; alive-- }
  } unless { atomic { dead & (1 << EDITING) -> in_place = 0; alive-- } }
}

/* Somebody writes a component by hand, where ours shall be: the same bytes, or others. */
proctype Author() {
  {
    if
    :: atomic { !now[COMP(0, 0)] && (now[FOLDER] || disk[FOLDER] == 1 << NONE) ->
         if :: !now[FOLDER] -> now[FOLDER] = THERE; disk[FOLDER] = disk[FOLDER] | (1 << THERE)
            :: else fi;
         if :: now[COMP(0, 0)] = THERE :: now[COMP(0, 0)] = THEIRS fi;
         disk[COMP(0, 0)] = disk[COMP(0, 0)] | UNSYNCED; theirs = now[COMP(0, 0)] }
    :: skip
    fi;
    alive--
  } unless { atomic { dead & (1 << EDITING) -> alive-- } }
}

/* `git clean -fd` takes our temporary files. */
proctype Cleaner() {
  {
    if
    :: atomic { now[NEWMAP(0, 0)] || now[TEXT(0, 0)] ->
         may_write = 1;
         gone(NEWMAP(0, 0)); gone(TEXT(0, 0));
         if
         :: now[FOLDER] && EMPTY -> gone(FOLDER)
         :: !now[FOLDER] || !EMPTY
         fi }
    :: skip
    fi;
    alive--
  } unless { atomic { dead & (1 << EDITING) -> alive-- } }
}

/* A link is refused, or the rename over a map, for good: the file system cannot do it. */
proctype Trouble() {
  {
    do
    :: atomic { !(stuck & COMPS) -> stuck = stuck | COMPS }
    :: atomic { !(stuck & MAP_DIR(MAPS - 1)) -> stuck = stuck | MAP_DIR(MAPS - 1) }
    :: break
    od;
    alive--
  } unless { atomic { dead & (1 << EDITING) -> alive-- } }
}

/* One look of a check: the components, the map and the intent, one after another. */
inline look() {
  atomic {
    l = 0;
    if
    :: order = 0
    :: order = 1
    fi };
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

/* A check, a hook or `Guard.check`: what it finds, it looks at again while nobody commits. */
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
         :: lock_file && !holder && MUT != 57 && MUT != 58 -> readers++; locked = 1
         :: !lock_file && MUT != 57 && MUT != 58      /* no commit has ever begun */
         :: MUT == 57                                 /* reported as it was seen */
         :: MUT == 58 && now[PENDING] && !holder -> readers++; locked = 1
         :: MUT == 58 && !now[PENDING]                /* locked only if one is under way now */
         fi };
       if :: locked -> look() :: else fi;
       atomic { assert(!found || at_rest & (1 << found)); found = 0;
                if :: locked -> readers-- :: else fi }
    fi;
    alive--
  } unless { atomic { dead & (1 << CHECKING) -> alive-- } }
}

#define NEW_STATE(i) (ALL_MAPS(i, NEW) && ALL_THERE(i))
#define OLD_STATE(i) (!ANY_MAP(i, NEW) && (!ANY_THERE(i) || theirs))

inline judge() {
  d_step {
    each = 0;
    if
    :: now[MAP(0)] == BAD || now[MAP(MAPS - 1)] == BAD ->     /* somebody's torn save */
       assert(may_write)
    :: now[PENDING] != NONE && now[MAP(0)] != BAD && now[MAP(MAPS - 1)] != BAD ->
       /* Neither forward nor back: both are refused. */
       assert(stuck == (COMPS | MAP_DIR(MAPS - 1)))
    :: else ->
       for (each : 0 .. FIXES - 1) {
         assert(touched[each] || NEW_STATE(each) || OLD_STATE(each));
         assert(touched[each] || said[each] != DONE || !ANY_MAP(each, OLD));
         assert(said[each] != NOTHING || !ANY_MAP(each, NEW)) }
       each = 0;
       for (each : 2 .. SLOTS - 1) {
         if
         :: each >= NEWMAP(0, 0) && each < COMP(0, 0) -> assert(now[each] == NONE)
         :: each >= TEXT(0, 0) -> assert(now[each] == NONE)
         :: each >= COMP(0, 0) && each < TEXT(0, 0) -> assert(now[each] != BAD || (theirs && !(adopts[0] && ANY_MAP(0, NEW))))
         :: else
         fi }
       assert(now[DRAFT] == NONE);
       assert(!now[FOLDER] || !EMPTY || theirs);
       assert(theirs != THEIRS || powered || now[COMP(0, 0)] == THEIRS)
    fi }
}

#ifdef TRACE
/* A sync more than the protocol asks for does no harm. */
proctype More() {
  do
  :: atomic { c_expr { next_is_sync(now.position) } -> position++; c_code { matched(now.position); } }
  :: finished -> break
  od
}

/* Is the trace a behaviour of the model? The processes that made it run, one after another. */
init {
  atomic {
    c_code {
      int i;
      if (steps_in_all < 0) { load(); }
      for (i = 0; i < (int) sizeof start; i++) { now.now[i] = start[i]; now.disk[i] = 1 << start[i]; }
      now.makes[0] = given("MAKES"); now.replaces[0] = given("REPLACES");
      now.abandon = given("ABANDON"); now.MUT = given("MUT"); now.kills = given("KILLS");
      now.others = given("OTHERS"); };
    may_write = 1;
    run Crashes(); run More();
    if :: others & 1 -> alive = 1; run Process(0) :: else fi
  }
  if
  :: !alive && !(others & 2)
  :: atomic { !alive && (others & 2) -> alive = 1; run Process(RECOVERER) }; !alive
  fi;
  finished = 1;
  c_code { at_the_end(now.position); }
}
#else
init {
  atomic {
    for (each : 0 .. SLOTS - 1) { disk[each] = 1 << NONE }
    for (each : 0 .. MAPS - 1) { now[MAP(each)] = 2; disk[MAP(each)] = 1 << 2 }
    each = 0;
    c_code {
      now.MUT = given("MUT"); now.kills = given("KILLS"); now.powers = given("POWER");
      now.others = given("OTHERS"); };
    powered = powers > 0;
    run Crashes();
    alive = FIXES; run Process(0);
#if FIXES > 1
    run Process(1);
#endif
    if :: others & EDITOR  -> alive++; run Editor()  :: else fi;
    if :: others & AUTHOR  -> alive++; run Author()  :: else fi;
    if :: others & TROUBLE -> alive++; run Trouble() :: else fi;
    if :: others & EARLY   -> alive++; run Process(RECOVERER) :: else fi;
    if :: others & CLEANER -> alive++; run Cleaner() :: else fi;
    if :: others & CHECK   -> alive++; run Check()   :: else fi
  }
  do
  :: atomic { !alive -> dead = dead & ~(1 << RECOVERER); alive = 1; run Process(RECOVERER) };
     if
     :: !alive && (dead & (1 << RECOVERER))
     :: atomic { !alive && !(dead & (1 << RECOVERER)) -> finished = 1 }; break
     fi
  od;
  atomic {
    if :: powers -> powers--; power_loss() :: skip fi };
  judge()
}
#endif
