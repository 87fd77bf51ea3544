using System.Diagnostics;

namespace OrleansBroker.Simulator.Engine;

/// <summary>
/// One thread, one queue of events by virtual time, and one set of work that is ready now. Work runs in an order that the seed picks,
/// as the threads of a pool would; when none is left, time jumps to the next event.
/// </summary>
internal sealed class World
{
    /// <summary>More work than any moment has: somebody tries again without waiting.</summary>
    private const int WorkPerMomentMax = 100_000;

    private const int EventsBetweenChecks = 64;

    private readonly PriorityQueue<Action, (long Ticks, long Number)> _events = new();
    private readonly List<WorkItem> _ready = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly Chance _order;
    private readonly bool _isShuffled;
    private long _eventNumber;
    private long _pooled;
    private int _workThisMoment;
    private int _unchecked;
    private volatile string? _escaped;

    public World(long seed, TextWriter? trace)
    {
        Chance = new Chance(seed);
        Trace = new Trace(trace);
        _order = Chance.Branch("order");
        _isShuffled = Chance.Branch("shuffle").Happens(0.8);
        _pooled = ThreadPool.CompletedWorkItemCount;
    }

    public Chance Chance { get; }

    public Trace Trace { get; }

    /// <summary>Virtual time since the start, in units of 100 ns.</summary>
    public long NowTicks { get; private set; }

    public TimeSpan Now => TimeSpan.FromTicks(NowTicks);

    /// <summary>Calls <paramref name="action"/> later, as the world and not as a process.</summary>
    public void After(long ticks, Action action)
    {
        CheckThread();
        _events.Enqueue(action, (NowTicks + Math.Max(0, ticks), _eventNumber++));
    }

    public void After(TimeSpan delay, Action action) => After(delay.Ticks, action);

    public void Note(string what) => Trace.Note(NowTicks, what);

    public SimulatedProcess NewProcess(string name) => new(this, name, Chance.Branch(name));

    /// <summary>Runs until the given virtual time.</summary>
    /// <exception cref="SimulationFailure">Something was found.</exception>
    public void RunUntil(TimeSpan end)
    {
        while (true)
        {
            RunReady();
            CheckPool();
            if (!_events.TryPeek(out var action, out var at) || at.Ticks > end.Ticks)
            {
                NowTicks = Math.Max(NowTicks, end.Ticks);
                return;
            }

            _events.Dequeue();
            if (at.Ticks > NowTicks)
            {
                NowTicks = at.Ticks;
                _workThisMoment = 0;
            }

            action();
        }
    }

    internal void Enqueue(WorkItem item)
    {
        CheckThread();
        if (!item.Process.IsDead)
        {
            _ready.Add(item);
        }
    }

    /// <summary>Keeps the stack of whoever got off the one thread, and keeps that thread: the run has failed.</summary>
    internal void CheckThread()
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            _escaped ??= new StackTrace(1, fNeedFileInfo: false).ToString();
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private void RunReady()
    {
        while (_ready.Count > 0)
        {
            var item = Take();
            if (item.Process.IsDead)
            {
                continue;
            }

            if (item.Process.IsPaused)
            {
                item.Process.Hold(item);
                continue;
            }

            Trace.Count(NowTicks, item.Process.Name[^1], _ready.Count);
            if (++_workThisMoment > WorkPerMomentMax)
            {
                throw new SimulationFailure("livelock", $"{item.Process.Name} works on without end: {(item.State is Action { Target: { } target } ? target : item.Callback.Method)}");
            }

            item.Process.Execute(item);
        }
    }

    private WorkItem Take()
    {
        if (!_isShuffled)
        {
            var first = _ready[0];
            _ready.RemoveAt(0);
            return first;
        }

        var index = _order.Random.Next(_ready.Count);
        var taken = _ready[index];
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        return taken;
    }

    private void CheckPool()
    {
        if (_escaped is not null)
        {
            throw new SimulationFailure("determinism", $"called from a thread of the pool:\n{_escaped}");
        }

        // The pool counts by thread, which is too much to ask for at every event.
        if (++_unchecked < EventsBetweenChecks)
        {
            return;
        }

        _unchecked = 0;
        if (ThreadPool.PendingWorkItemCount == 0 && ThreadPool.CompletedWorkItemCount == _pooled)
        {
            return;
        }

        var since = Stopwatch.GetTimestamp();
        while (_escaped is null && Stopwatch.GetElapsedTime(since) < TimeSpan.FromMilliseconds(200))
        {
            Thread.Sleep(1);
        }

        throw new SimulationFailure("determinism", _escaped is { } stack ? $"called from a thread of the pool:\n{stack}" : "something ran on the thread pool, and did not come back");
    }
}
