/* What a run of the checker is given, from its environment. */

byte kills, powers;                     /* how many processes are killed, how often the power fails */
short others;                           /* who else acts, as bits: */
#define EDITOR   1                      /*   saves the first map */
#define AUTHOR   2                      /*   writes a component by hand */
#define TROUBLE  4                      /*   what the system refuses from some moment on */
#define CHECK    8                      /*   a check reads the project */
#define CLEANER  16                     /*   `git clean -fd` */
#define EARLY    32                     /*   a recovery that may begin at any time */
#define ABANDON  64                     /*   recoveries are `recover --abandon` */
#define BUYS     128                    /*   fix 0 buys its text, and runs again after a crash */
#define CLEAN_X  256                    /*   `git clean -xfd` beside a running commit */
byte MUT;                               /* the mutation; 0: none */

c_decl {
static int given(const char *name) { return getenv(name) ? atoi(getenv(name)) : 0; }
}

/*
 * The mutations: each leaves out one step of the protocol, or changes one order. The checker must
 * find a violated invariant for every one of them. check.py reads the names and the comments of this file.
 */

/* Syncs that are left out. Each is named after what is then not on disk. */
#define STATE_NAME        1    /* .jit-guard, in the root */
#define PLAN_BYTES        2    /* the plan's bytes */
#define PLAN_NAME         3    /* the plan's name */
#define INTENT_BYTES      4    /* the intent's bytes */
#define INTENT_NAME       5    /* the intent's name */
#define NEW_FOLDERS       6    /* new directories, in those above them */
#define TEXT_BYTES        7    /* a component's bytes */
#define ADOPTED_BYTES     8    /* the bytes of a component that exists already */
#define MAP_BYTES         9    /* a new map's bytes */
#define TEMPORARY_NAMES  10    /* the names of the temporary files */
#define FOUND_MAP        11    /* a new map that a killed recovery wrote */
#define MAP_AGAIN        12    /* a new map that is written again */
#define FOUND_TEXT       13    /* a component's bytes that a killed recovery wrote */
#define TEXT_AGAIN       14    /* a component's bytes that are written again */
#define SAVED_MAP        15    /* a map that another program saved over ours */
#define MAP_NAME         16    /* the rename of a map */
#define FOUND_COMPONENT  17    /* a component that already has its name */
#define COMPONENT_NAME   18    /* a component's name */
#define CLEARED_NAMES    19    /* the removal of the temporary files */
#define INTENT_REMOVED   20    /* the removal of the intent */
#define FOLDER_AGAIN     21    /* a directory that is made again */
#define REMOVED_EARLIER  22    /* the removal of an intent by a process that was killed */
#define READ_INTENT      23    /* an intent that was written by a process that was killed */
#define RESERVING_BYTES  24    /* the bytes of an intent that is rewritten because links are refused */
#define RESERVING_NAME   25    /* the name of that intent */
#define STORED_TEXT      26    /* the text in the ledger */

/* Steps that are left out, and orders. */
#define NO_PLAN          30    /* no plan */
#define NO_INTENT        31    /* no intent */
#define MAKE_FIRST       32    /* temporary files before the plan */
#define DECIDE_FIRST     33    /* the intent before the temporary files */
#define MAP_FIRST        34    /* a map before the intent */
#define PLACE_FIRST      35    /* components before the maps */
#define CLEAR_SECOND     36    /* temporary files removed before the components are placed */
#define CLEAR_FIRST      37    /* temporary files removed before the maps are set */
#define FORGET_THIRD     38    /* the intent removed before the temporary files */
#define FORGET_SECOND    39    /* the intent removed before the components are placed */
#define FORGET_FIRST     40    /* the intent removed before the maps are set */
#define NO_FORGET        41    /* the intent never removed */
#define IN_PLACE         42    /* a map written in place */
#define LOCK_FREED       43    /* the lock released before the intent is removed */
#define NO_LAST_LOOK     44    /* no last look at the map before its rename */
#define OVER_THEIRS      45    /* a component renamed over another program's */
#define WRITTEN_IN_PLACE 46    /* a component created with O_EXCL and then written */
#define REPORT_FIRST     50    /* reported before the intent is removed */
#define BACK_WRONG       54    /* going back: components before the maps */
#define STAYS            55    /* what cannot go forward does not go back */
#define NO_SECOND_LOOK   57    /* a check reports what it saw while a commit was in progress */
#define LOOKS_IF_PENDING 58    /* a check looks again only if an intent exists at that moment */
#define NO_TRIAL_OF_MAPS 60    /* whether a map can be replaced is not tried before the decision */
#define NO_TRIAL_OF_LINKS 61   /* whether links are refused is not tried before the decision */
#define PROBE_STAYS      62    /* recovery leaves the link that was tried */
#define UNANNOUNCED      63    /* an empty file before the intent says `reserves` */
#define EMPTY_IS_THEIRS  64    /* recovery takes our empty file for another program's */
#define EMPTY_IS_OURS    65    /* recovery takes every empty file for ours */
#define FRESH_STAYS      66    /* a commit does not know its own empty file again */
#define ANY_LOCK         67    /* decided without a look whether the lock file is still there */
#define ANY_INTENT       68    /* a commit removes the intent of another one */
#define ANY_REWRITTEN    69    /* a commit rewrites the intent of another one */
#define UNDO_BY_SIGHT    70    /* undone only if the plan is still there, or .jit-guard is not */
#define PAID_LATE        71    /* a component placed before its text is in the ledger */

/* ---- What some of them mean ------------------------------------------------------------------- */

/* The steps before the decision, and other orders of them. */
#define WRITE_PLAN 0
#define MAKE       1
#define DECIDE     2
#define LEFT_OUT   3
#define BEFORE(k) ( \
  MUT == NO_PLAN && (k) == 0 || MUT == NO_INTENT && (k) == 2 -> LEFT_OUT : ( \
  MUT == MAKE_FIRST   -> ((k) < 2 -> 1 - (k) : (k)) : ( \
  MUT == DECIDE_FIRST -> ((k) % 3 -> 3 - (k) : (k)) : (k))))
#define UNDOES (MUT != UNDO_BY_SIGHT || SEEN(PENDING) == PLAN(o) || !now[STATE])
inline map_first() {
  if :: MUT == MAP_FIRST -> rename(NEWMAP(o, 0), MAP(0)); sync_one(ROOT) :: else fi
}

/* The steps after it: recovery.STEPS, and other orders. */
#define SET_MAPS 0
#define PLACE    1
#define CLEAR    2
#define FORGET   3
#define STEP(k) ( \
  MUT == PLACE_FIRST || MUT == BACK_WRONG && back -> ((k) < 2 -> 1 - (k) : (k)) : ( \
  MUT == CLEAR_SECOND  -> ((k) % 3 -> 3 - (k) : (k)) : ( \
  MUT == CLEAR_FIRST   -> ((k) == 3 -> 3 : ((k) + 2) % 3) : ( \
  MUT == FORGET_THIRD  -> ((k) < 2 -> (k) : 5 - (k)) : ( \
  MUT == FORGET_SECOND -> ((k) == 0 -> 0 : ((k) == 1 -> 3 : (k) - 1)) : ( \
  MUT == FORGET_FIRST  -> ((k) == 0 -> 3 : (k) - 1) : (k)))))))
