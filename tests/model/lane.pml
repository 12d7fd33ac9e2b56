/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */

/*
 * The lane, the wake-up of the sender, the request for room and, with CONFIRM, the wait for
 * confirmation, for Spin: two workers with a lane each, one sender. tests/model/run.sh checks every
 * interleaving.
 *
 * Each statement that touches shared state is one step, as each seq_cst access of the code is.
 * Spin's memory is sequentially consistent; so are these accesses in src/core:
 *
 *   tail[]         Lane::tail_      stored in publish_entry(), loaded in front(), readable_bytes()
 *   head[]         Lane::head_      stored in release(), loaded in room()
 *   wanted[]       Lane::wanted_    stored in request_room(), loaded in answer_room_request() and
 *                                   must_discard()
 *   wake_at        Handoff::wake_at_  stored in begin_sleep(), loaded and exchanged in
 *                                   wake_sender_for()
 *   wake_event     Handoff::wake_   the eventfd that the sender sleeps on
 *   confirmed[]    Lane::confirmed_ stored in confirm_settled(), loaded in is_confirmed()
 *   awaits[]       Lane::awaits_confirmation_  stored in request_confirmation(), loaded in
 *                                   confirm_settled()
 *   answer[]       Lane::answer_    the eventfd that a worker sleeps on
 *
 * The rest of the code's shared state is plain here, too: what it orders weaker (discard_, retired_,
 * the reset of wanted_ and of wake_at_) it does by release and acquire, or it is only a hint whose
 * late sight costs one turn more.
 *
 * Sizes count words of the ring. A transaction takes one word or two, or it is larger than the lane:
 * then it wants all of the ring and takes one word, the pointer to its block (publish_block()).
 *
 * What is left out: the second half of the lane's storage (positions are taken modulo the capacity,
 * from where the writer began again last; tests/unit has every offset), and all deadlines that do not matter. A worker waits for room, and a
 * sender with nothing open sleeps, for ever: if a wake-up is lost, Spin finds the state in which
 * nothing moves any more. Deadlines that matter, those of a lingering frame and of a blocked socket,
 * come either at any moment or, `timeout`, not before everything else stands still; then the lanes
 * must show that no wake-up was due.
 *
 * With CONFIRM a transaction is one frame, which is settled before its release, at any moment after
 * it, or while the sender sleeps. None is open then, as its workers wait for it, and nobody asks for
 * anything to be discarded. The second worker may see the daemon stop: then it goes on, or goes, though what it
 * published is not confirmed.
 *
 * Faults to be found, one at a time, to see that the model can fail: BROKEN is one of 1 .. 10, see
 * run.sh.
 */

#ifndef FIRST
#define FIRST 3 /* transactions of the first worker */
#endif
#ifndef SECOND
#define SECOND 2 /* transactions of the second */
#endif
#ifndef BROKEN
#define BROKEN 0
#endif

#define LANES 2
#define CAPACITY 3
#define LINGER_AT 2 /* threshold of a sender whose open frame waits for company */
#define AWAKE 255   /* Handoff::kAwake, which is kNever */
#define TRANSACTIONS(l) ((l) == 0 -> FIRST : SECOND)

byte tail[LANES];
byte head[LANES];
byte word[LANES * CAPACITY]; /* 0: may be written; else number of the transaction, times 2, plus
                                1 when it goes on with the next word */
byte begun_again[LANES]; /* Lane::begun_again_ */
byte wanted[LANES];
bool discard; /* Lane::discard_: of all lanes, because it is a parameter of the action */
bool retired[LANES];
bool answer[LANES];
bool registered[LANES]; /* Handoff::registered_, under its mutex */
byte wake_at = AWAKE;
bool wake_event;
#ifdef CONFIRM
byte confirmed[LANES];
bool awaits[LANES];
byte unsettled[LANES]; /* Lane::unsettled_: the sender's own; others look at it in assertions only */
#endif

#define USED(l) (tail[l] - head[l])
#define ROOM(l) (CAPACITY - USED(l))
/* `start`: the position that lies at the lane's start, as the worker or the sender knows it. */
#define WORD(l, position, start) word[(l)*CAPACITY + ((position) - (start)) % CAPACITY]

/* A shared access, and what touches nothing shared behind it, is one step: `atomic` and `d_step`
   below join no two accesses of which another process could tell the order. */

/* Handoff::lanes(), for one lane: retired and empty, in the order of the two loads, it is dropped. */
inline drop_if_gone(l) {
  if
  :: known[l] && retired[l] ->
    if
#if defined(CONFIRM) && BROKEN != 9
    :: d_step { tail[l] == head[l] && unsettled[l] == 0 ->
#else
    :: d_step { tail[l] == head[l] -> /* front() is empty */
#endif
        assert(next[l] == TRANSACTIONS(l) + 1);
        registered[l] = false;
        gone++
      }
    :: else
    fi
  :: else
  fi
}

#ifdef CONFIRM
/* Lane::confirm_settled() */
inline confirm_settled(l) {
  if
  :: unsettled[l] == 0 && confirmed[l] != head[l] ->
#if BROKEN == 7
    asked = awaits[l]; /* looks for a request before it confirms */
    confirmed[l] = head[l];
#else
    confirmed[l] = head[l];
    asked = awaits[l];
#endif
    if
    :: asked != 0 -> answer[l] = true
    :: else
    fi;
    asked = 0
  :: else
  fi
}

/* Lane::settle(), of one frame. */
inline settle(l) {
  d_step {
    assert(registered[l]); /* the frame holds a reference to the lane */
    unsettled[l] = unsettled[l] - 1
  };
  confirm_settled(l)
}
#endif

/* TransactionReader on front(), then release(), then answer_room_request(), then, with CONFIRM,
   confirm_settled(). */
inline take(l) {
#ifdef CONFIRM
  if
  :: unsettled[l] = unsettled[l] + 1 /* Batcher::add(): hold() */
  :: true /* all of its frames are settled before it is released */
  fi;
#endif
#if BROKEN == 4
  asked = wanted[l]; /* looks for a request before it releases */
#endif
  d_step {
    if /* read_offset() */
    :: head[l] == begun_again[l] -> start[l] = head[l]
    :: else
    fi;
    assert(WORD(l, head[l], start[l]) / 2 == next[l]); /* each once, and in order */
    taken = 1 + WORD(l, head[l], start[l]) % 2;
    assert(taken == 1 || WORD(l, head[l] + 1, start[l]) == 2 * next[l]);
    next[l] = next[l] + 1;
    WORD(l, head[l], start[l]) = 0; /* from the store to head_ on the worker may write */
    WORD(l, head[l] + taken - 1, start[l]) = 0;
    head[l] = head[l] + taken;
    taken = 0
  };
#if BROKEN != 4
  asked = wanted[l];
#endif
  if
  :: asked != 0 && ROOM(l) >= asked -> answer[l] = true
  :: else
  fi;
  asked = 0;
#ifdef CONFIRM
  confirm_settled(l)
#endif
}

active proctype Sender() {
  byte next[LANES] = 1;
  byte start[LANES];
  bool known[LANES]; /* Handoff::lanes_ */
  bool frame_open, has_blocked, enough;
  byte gone, taken, asked, threshold;

work: /* do_work(): next_message(); which lane comes first depends on next_lane_, here on chance */
  drop_if_gone(0);
  drop_if_gone(1);
  d_step { /* Handoff::lanes(): the copy is made under the mutex */
    known[0] = registered[0];
    known[1] = registered[1]
  };
  if
  :: gone == LANES -> goto finished
  :: known[0] && tail[0] != head[0] -> goto found_in_first
  :: known[1] && tail[1] != head[1] -> goto found_in_second
  :: else
  fi;
  threshold = (frame_open -> LINGER_AT : 1); /* sleep_after(kIdle) */
  goto sleep;

found_in_first:
  if /* flush(): the sink takes what is ready, or refuses */
  :: !has_blocked -> has_blocked = true; goto blocked
  :: true
  fi;
  take(0);
  goto added;

found_in_second:
  if
  :: !has_blocked -> has_blocked = true; goto blocked
  :: true
  fi;
  take(1);

added:
#ifdef CONFIRM
  do /* frames are taken by the sink, or acknowledged */
  :: unsettled[0] != 0 -> settle(0)
  :: unsettled[1] != 0 -> settle(1)
  :: true -> break
  od;
#else
  if /* the frame was cut, or waits for company */
  :: frame_open = true
  :: frame_open = false
  fi;
#endif
  goto work;

blocked:
#ifndef CONFIRM
  do /* discard_oldest(), must_discard() */
  :: wanted[0] != 0 && discard && ROOM(0) < wanted[0] -> take(0)
  :: else -> break
  od;
  do
  :: wanted[1] != 0 && discard && ROOM(1) < wanted[1] -> take(1)
  :: else -> break
  od;
#endif
  threshold = AWAKE; /* sleep_after(kBlocked): kNever */

sleep:
#if BROKEN != 1
  wake_at = threshold; /* begin_sleep(): the store, then the look */
#endif
  enough = known[0] && USED(0) >= threshold; /* readable_bytes() */
  enough = enough || (known[1] && USED(1) >= threshold);
#if BROKEN == 1
  wake_at = threshold; /* announces after it looked */
#endif
  if /* Handoff::sleep(): poll(), then clear() */
  :: enough
  :: !enough && threshold != 1 -> frame_open = false /* the deadline comes early, or the socket
                                                        takes something */
  :: !enough ->
    if
    :: wake_event -> wake_event = false
#ifdef CONFIRM
    :: unsettled[0] != 0 -> settle(0) /* an acknowledgement ends the sleep */
    :: unsettled[1] != 0 -> settle(1)
#endif
    :: threshold != 1 && timeout ->
      d_step { /* everything stands still: was somebody to be woken? */
        assert(USED(0) < threshold && USED(1) < threshold);
        assert(wanted[0] == 0 || ROOM(0) < wanted[0]);
        assert(wanted[1] == 0 || ROOM(1) < wanted[1]);
        assert((wanted[0] == 0 && wanted[1] == 0) || (threshold == AWAKE && !discard));
        frame_open = false
      }
    fi
  fi;
  d_step { /* end_sleep() */
    wake_at = AWAKE;
    threshold = 0;
    enough = false
  };
  goto work;

finished:
  skip
}

#define me (_pid - 1)

/* The body of a transaction: write_transaction() into what try_reserve() gave. */
inline write_words() {
  d_step {
    if
#if BROKEN == 10
    :: true -> /* begins again though the sender is not through */
#else
    :: ROOM(me) == CAPACITY -> /* begin_again() */
#endif
      start = tail[me];
      begun_again[me] = start
    :: else
    fi;
    assert(WORD(me, tail[me], start) == 0); /* unread data is never overwritten */
    WORD(me, tail[me], start) = 2 * number + (words - 1);
    if
    :: words == 2 ->
      assert(WORD(me, tail[me] + 1, start) == 0);
      WORD(me, tail[me] + 1, start) = 2 * number
    :: else
    fi
  }
}

/* Handoff::wake_sender_for(): the load, then the exchange. */
inline wake_sender_for() {
  if
  :: used < wake_at
  :: else ->
    d_step {
      used = wake_at;
      wake_at = AWAKE
    };
    if
    :: used != AWAKE -> wake_event = true /* wake_.notify() */
    :: else
    fi
  fi
}

#ifdef CONFIRM
/* Worker::await_confirmation() */
inline await_confirmation() {
#if BROKEN == 8
  if /* looks before it asks */
  :: confirmed[me] == tail[me] -> goto confirmed_at_once
  :: else
  fi;
#endif
  awaits[me] = true; /* request_confirmation() */
  do
#if BROKEN != 8
  :: confirmed[me] == tail[me] -> /* is_confirmed() */
    assert(head[me] == tail[me] && unsettled[me] == 0);
    break
  :: else ->
#else
  :: true ->
#endif
    if
    :: me == 1 -> break /* the daemon stops */
    :: answer[me] -> answer[me] = false; /* Lane::wait_for_answer() */
#if BROKEN == 8
      if
      :: confirmed[me] == tail[me] -> break
      :: else
      fi
#endif
    fi
  od;
#if BROKEN == 8
confirmed_at_once:
#endif
  awaits[me] = false; /* withdraw_confirmation_request() */
  answer[me] = false
}
#endif

active [LANES] proctype Worker() {
  byte number = 1;
  byte needed, words, used, start;
  bool gave_up = (me == 0); /* the first worker has patience without end */
#ifndef CONFIRM

  if
  :: me == 0 && !discard -> discard = true
  :: true
  fi;
#endif
  registered[me] = true; /* open_lane(): under the mutex */
  wake_event = true;     /* open_lane(): wake_sender() */
  do
  :: number > TRANSACTIONS(me) -> break
  :: else ->
    if
#ifdef FEW_SIZES
    :: me == 0 || number == 1 -> needed = 2; words = 2
    :: me == 1 && number == 2 -> needed = CAPACITY; words = 1
#else
    :: needed = 1; words = 1
    :: needed = 2; words = 2
    :: me == 1 -> needed = CAPACITY; words = 1 /* a block */
#endif
    fi;
again:
    if
#if BROKEN == 5
    :: atomic { ROOM(me) + 1 >= needed -> write_words() } /* into what is not free */
#elif BROKEN == 6
    :: ROOM(me) >= needed -> tail[me] = tail[me] + words /* published before it is written */
#else
    /* try_reserve(), publish_block(): room() loads head_. The reader looks at no word behind tail_,
       so that writing these is no step of its own. */
    :: atomic { ROOM(me) >= needed -> write_words() }
#endif
#if BROKEN == 2
      bool due = USED(me) + words >= wake_at; /* looks at the threshold before it publishes */
      tail[me] = tail[me] + words;
      used = USED(me);
      if
      :: due -> due = false; wake_sender_for()
      :: else
      fi;
#else
#if BROKEN == 6
      d_step {
        tail[me] = tail[me] - words;
        write_words();
        tail[me] = tail[me] + words
      };
#else
      tail[me] = tail[me] + words; /* publish_entry() */
#endif
      used = USED(me); /* place(): used_bytes() loads head_ */
      wake_sender_for();
#endif
      d_step {
        number++;
        needed = 0;
        words = 0;
        used = 0
      };
#ifdef CONFIRM
      await_confirmation()
#endif
    :: else ->
#if BROKEN == 3
      if /* Worker::wait_for_room(), but looks for room before it asks for it */
      :: ROOM(me) >= needed -> goto again
      :: else
      fi;
      wanted[me] = needed;
      wake_event = true;
#else
      wanted[me] = needed; /* Worker::wait_for_room(): request_room() */
      wake_event = true;   /* wake_sender() */
#endif
      do
#if BROKEN != 3
      :: ROOM(me) >= needed -> break /* has_room_for() */
      :: else ->
#else
      :: true ->
#endif
        if
        :: !gave_up -> gave_up = true; break /* the patience may end at any moment, or never */
        :: answer[me] -> answer[me] = false; /* Lane::wait_for_answer() */
#if BROKEN == 3
          if
          :: ROOM(me) >= needed -> break
          :: else
          fi
#endif
        fi
      od;
      wanted[me] = 0; /* withdraw_room_request() */
      answer[me] = false;
      goto again
    fi
  od;
  if /* goes at once, or not before all is read: nothing but what it published wakes the sender */
  :: true
  :: true -> USED(me) == 0
  fi;
  retired[me] = true; /* ~Worker(): retire() */
  wake_event = true   /* ~Worker(): wake_sender() */
}
