%% Savina's programs in Erlang. Each checks its result, and prints what it took in microseconds:
%%   erlc savina.erl && erl +S 1:1 -noshell -eval 'savina:main(ping_pong)'
-module(savina).
-export([main/1]).

main(Program) ->
    process_flag(trap_exit, false), % the shell's process would keep a message of each linked process that ends
    erlang:statistics(runtime),
    Start = erlang:monotonic_time(microsecond),
    run(Program),
    Clock = erlang:monotonic_time(microsecond) - Start,
    {_, Processor} = erlang:statistics(runtime),
    io:format("{\"clock\":~b,\"processor\":~b}~n", [Clock, Processor * 1000]),
    halt(0).

run(Program) ->
    Expected = expected(Program),
    case program(Program) of
        Expected -> ok;
        Result ->
            io:format(standard_error, "~p: ~p in place of ~p~n", [Program, Result, Expected]),
            halt(1)
    end.

expected(ping_pong) -> 80000;
expected(counting) -> 1000000;
expected(fork_join_create) -> 40000;
expected(thread_ring) -> 100000;
expected(chameneos) -> 400000;
expected(big) -> 2400000;
expected(bounded_buffer) -> 40000;
expected(dining_philosophers) -> 200000;
expected(banking) -> 1000000;
expected(n_queens) -> 14200;
expected(sieve) -> 9592;
expected(fibonacci) -> 75025.

program(ping_pong) ->
    Main = self(),
    Ping = spawn_link(fun() -> player(Main) end),
    Pong = spawn_link(fun() -> player(Main) end),
    Ping ! {Pong, 0},
    result([Ping, Pong]);
program(counting) ->
    Main = self(),
    Counter = spawn_link(fun() -> counter(0) end),
    Producer = spawn_link(fun() ->
        repeat(1000000, fun(_) -> Counter ! increment end),
        Counter ! {total, Main}
    end),
    result([Counter, Producer]);
program(fork_join_create) ->
    Main = self(),
    lists:foreach(fun(N) ->
        Actor = spawn_link(fun() -> receive Input -> _ = math:sin(Input) * math:cos(Input), Main ! joined end end),
        Actor ! N
    end, lists:seq(1, 40000)),
    repeat(40000, fun(_) -> receive joined -> ok end end),
    40000;
program(thread_ring) ->
    Main = self(),
    Ring = [spawn_link(fun() -> receive {join, Next} -> member(Next, Main) end end) || _ <- lists:seq(1, 100)],
    lists:foreach(fun({Actor, Next}) -> Actor ! {join, Next} end, lists:zip(Ring, tl(Ring) ++ [hd(Ring)])),
    hd(Ring) ! 0,
    result(Ring);
program(chameneos) ->
    Main = self(),
    Market = spawn_link(fun() -> market(none, 200000, 100, 0, Main) end),
    Creatures = [spawn_link(fun() -> Market ! {visit, self(), Colour}, creature(Market, Colour, 0) end)
        || N <- lists:seq(1, 100), Colour <- [element(1 + N rem 3, {yellow, blue, red})]],
    result([Market | Creatures]);
program(big) ->
    Main = self(),
    Peers = [spawn_link(fun() -> receive {join, All} -> peer(All, 20000, Main) end end) || _ <- lists:seq(1, 120)],
    All = list_to_tuple(Peers),
    lists:foreach(fun(Peer) -> Peer ! {join, All} end, Peers),
    lists:foreach(fun(Peer) -> Peer ! start end, Peers),
    repeat(120, fun(_) -> receive done -> ok end end),
    finish(Peers, 120 * 20000);
program(bounded_buffer) ->
    Main = self(),
    Buffer = spawn_link(fun() -> buffer(queue:new(), queue:new(), queue:new(), 0, Main) end),
    Eaters = [spawn_link(fun() -> eater(Buffer) end) || _ <- lists:seq(1, 40)],
    Makers = [spawn_link(fun() -> maker(Buffer, 1) end) || _ <- lists:seq(1, 40)],
    result([Buffer | Eaters ++ Makers]);
program(dining_philosophers) ->
    Main = self(),
    Arbiter = spawn_link(fun() -> arbiter(#{}, 0, 20, Main) end),
    All = [spawn_link(fun() -> philosopher(Arbiter, Seat, 0) end) || Seat <- lists:seq(0, 19)],
    result([Arbiter | All]);
program(banking) ->
    All = list_to_tuple([spawn_link(fun() -> account(1000) end) || _ <- lists:seq(1, 1000)]),
    Main = self(),
    %% sixty-four transfers are in hand at a time
    Tellers = [spawn_link(fun() -> teller(All, Share), Main ! told end)
        || N <- lists:seq(1, 64), Share <- [50000 div 64 + (if N =< 50000 rem 64 -> 1; true -> 0 end)]],
    lists:foreach(fun(_) -> receive told -> ok end end, Tellers),
    Accounts = tuple_to_list(All),
    finish(Accounts, lists:sum([change(Account, 0) || Account <- Accounts]));
program(n_queens) ->
    Main = self(),
    Master = spawn_link(fun() -> receive {start, All} -> element(1, All) ! {[], 0}, master(All, 0, 1, 0, Main) end end),
    Workers = [spawn_link(fun() -> queens_worker(Master) end) || _ <- lists:seq(1, 20)],
    Master ! {start, list_to_tuple(Workers)},
    result([Master | Workers]);
program(sieve) ->
    Main = self(),
    First = spawn_link(fun() -> filter([], 0, none, Main) end),
    First ! 2,
    odds(3, First),
    First ! {stop, 0},
    receive {result, Result} -> Result end;
program(fibonacci) ->
    Main = self(),
    spawn_link(fun() -> fibonacci(25, Main) end),
    receive {value, Value} -> Value end.

result(Actors) ->
    receive {result, Result} -> finish(Actors, Result) end.

finish(Actors, Result) ->
    lists:foreach(fun(Actor) -> unlink(Actor), exit(Actor, kill) end, Actors),
    Result.

repeat(0, _) -> ok;
repeat(N, Do) -> Do(N), repeat(N - 1, Do).

player(Main) ->
    receive
        {_, 80000} -> Main ! {result, 80000};
        {From, Played} -> From ! {self(), Played + 1}, player(Main)
    end.

counter(Total) ->
    receive
        increment -> counter(Total + 1);
        {total, To} -> To ! {result, Total}
    end.

member(Next, Main) ->
    receive
        100000 -> Main ! {result, 100000};
        Hop -> Next ! Hop + 1, member(Next, Main)
    end.

market(_, _, 0, Met, Main) -> Main ! {result, Met};
market(Waiting, Left, Staying, Met, Main) ->
    receive
        {leave, Times} -> market(Waiting, Left, Staying - 1, Met + Times, Main);
        {visit, Creature, _} when Left =:= 0 -> Creature ! closed, market(Waiting, Left, Staying, Met, Main);
        {visit, Creature, Colour} when Waiting =:= none -> market({Creature, Colour}, Left, Staying, Met, Main);
        {visit, Creature, Colour} ->
            {First, FirstColour} = Waiting,
            First ! {meet, Colour},
            Creature ! {meet, FirstColour},
            market(none, Left - 1, Staying, Met, Main)
    end.

creature(Market, Colour, Met) ->
    receive
        closed -> Market ! {leave, Met}, receive never -> ok end;
        {meet, Other} ->
            Changed = complement(Colour, Other),
            Market ! {visit, self(), Changed},
            creature(Market, Changed, Met + 1)
    end.

complement(Same, Same) -> Same;
complement(One, Other) -> hd([yellow, blue, red] -- [One, Other]).

peer(All, Left, Main) ->
    receive
        start -> element(rand:uniform(120), All) ! {ping, self()}, peer(All, Left, Main);
        {ping, From} -> From ! pong, peer(All, Left, Main);
        pong when Left =:= 1 -> Main ! done, peer(All, 0, Main);
        pong -> element(rand:uniform(120), All) ! {ping, self()}, peer(All, Left - 1, Main)
    end.

buffer(_, _, _, 40000, Main) -> Main ! {result, 40000};
buffer(Items, Makers, Eaters, Taken, Main) ->
    receive
        {put, Item, Maker} ->
            case queue:out(Eaters) of
                {{value, Eater}, Others} ->
                    Eater ! {item, Item},
                    Maker ! produce,
                    buffer(Items, Makers, Others, Taken + 1, Main);
                {empty, _} ->
                    Stored = queue:in(Item, Items),
                    case queue:len(Stored) < 50 of
                        true -> Maker ! produce, buffer(Stored, Makers, Eaters, Taken, Main);
                        false -> buffer(Stored, queue:in(Maker, Makers), Eaters, Taken, Main)
                    end
            end;
        {take, Eater} ->
            case queue:out(Items) of
                {empty, _} -> buffer(Items, Makers, queue:in(Eater, Eaters), Taken, Main);
                {{value, Item}, Others} ->
                    Eater ! {item, Item},
                    case queue:out(Makers) of
                        {{value, Maker}, Waiting} -> Maker ! produce, buffer(Others, Waiting, Eaters, Taken + 1, Main);
                        {empty, _} -> buffer(Others, Makers, Eaters, Taken + 1, Main)
                    end
            end
    end.

maker(_, 1001) -> receive never -> ok end;
maker(Buffer, N) ->
    Buffer ! {put, worked(float(N), 0), self()},
    receive produce -> maker(Buffer, N + 1) end.

eater(Buffer) ->
    Buffer ! {take, self()},
    receive {item, Item} -> _ = worked(Item, 0), eater(Buffer) end.

worked(Value, 2500) -> Value;
worked(Value, N) -> worked(Value + math:log(abs(math:fmod(Value * 7 + N, 100.0)) + 0.01), N + 1).

arbiter(_, Eaten, 0, Main) -> Main ! {result, Eaten};
arbiter(Taken, Eaten, Staying, Main) ->
    receive
        {hungry, Seat, Who} ->
            Right = (Seat + 1) rem 20,
            case maps:is_key(Seat, Taken) orelse maps:is_key(Right, Taken) of
                true -> Who ! denied, arbiter(Taken, Eaten, Staying, Main);
                false -> Who ! eat, arbiter(Taken#{Seat => true, Right => true}, Eaten, Staying, Main)
            end;
        {done, Seat} -> arbiter(maps:without([Seat, (Seat + 1) rem 20], Taken), Eaten + 1, Staying, Main);
        left -> arbiter(Taken, Eaten, Staying - 1, Main)
    end.

philosopher(Arbiter, _, 10000) -> Arbiter ! left, receive never -> ok end;
philosopher(Arbiter, Seat, Eaten) ->
    Arbiter ! {hungry, Seat, self()},
    receive
        denied -> philosopher(Arbiter, Seat, Eaten);
        eat -> Arbiter ! {done, Seat}, philosopher(Arbiter, Seat, Eaten + 1)
    end.

account(Balance) ->
    receive {change, Amount, From, Ref} -> From ! {Ref, Balance + Amount}, account(Balance + Amount) end.

change(Account, Amount) ->
    Ref = make_ref(),
    Account ! {change, Amount, self(), Ref},
    receive {Ref, Balance} -> Balance end.

teller(_, 0) -> ok;
teller(All, Left) ->
    From = rand:uniform(999),
    To = From + rand:uniform(1000 - From),
    Amount = rand:uniform(10),
    change(element(From, All), -Amount),
    change(element(To, All), Amount),
    teller(All, Left - 1).

master(_, _, 0, Found, Main) -> Main ! {result, Found};
master(All, Next, Open, Found, Main) ->
    receive
        {found, N} -> master(All, Next, Open - 1, Found + N, Main);
        {boards, Boards, Depth} ->
            After = lists:foldl(fun(Board, N) -> element(1 + N rem 20, All) ! {Board, Depth}, N + 1 end, Next, Boards),
            master(All, After, Open - 1 + length(Boards), Found, Main)
    end.

queens_worker(Master) ->
    receive
        {Board, Depth} when Depth >= 4 -> Master ! {found, count(Board, length(Board))}, queens_worker(Master);
        {Board, Depth} -> Master ! {boards, longer(Board), Depth + 1}, queens_worker(Master)
    end.

count(_, 12) -> 1;
count(Board, Size) -> lists:sum([count(Next, Size + 1) || Next <- longer(Board)]).

%% the newest queen comes first
longer(Board) -> [[Row | Board] || Row <- lists:seq(0, 11), is_safe(Row, Board, 1)].

is_safe(_, [], _) -> true;
is_safe(Row, [Other | Board], Distance) ->
    Other =/= Row andalso abs(Other - Row) =/= Distance andalso is_safe(Row, Board, Distance + 1).

odds(N, First) when N < 100000 -> First ! N, odds(N + 2, First);
odds(_, _) -> ok.

%% the primes are kept with the newest first, and tried from the oldest on, so a full list is turned round once
filter(Primes, Size, Next, Main) ->
    receive
        {stop, Before} when Next =:= none -> Main ! {result, Before + Size};
        {stop, Before} -> Next ! {stop, Before + Size};
        N ->
            case divided(N, if Next =:= none -> lists:reverse(Primes); true -> Primes end) of
                true -> filter(Primes, Size, Next, Main);
                false when Size < 1000 -> filter([N | Primes], Size + 1, none, Main);
                false when Next =:= none ->
                    Following = spawn_link(fun() -> filter([], 0, none, Main) end),
                    Following ! N,
                    filter(lists:reverse(Primes), Size, Following, Main);
                false -> Next ! N, filter(Primes, Size, Next, Main)
            end
    end.

divided(_, []) -> false;
divided(N, [Prime | _]) when N rem Prime =:= 0 -> true;
divided(N, [_ | Primes]) -> divided(N, Primes).

fibonacci(N, To) when N =< 2 -> To ! {value, 1};
fibonacci(N, To) ->
    Self = self(),
    lists:foreach(fun(Less) -> spawn_link(fun() -> fibonacci(N - Less, Self) end) end, [1, 2]),
    Left = receive {value, One} -> One end,
    receive {value, Other} -> To ! {value, Left + Other} end.
