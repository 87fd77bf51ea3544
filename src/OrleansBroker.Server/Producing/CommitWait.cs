using System.Threading.Tasks.Sources;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Server.Dispatch;
using PartitionProduceResponse = OrleansBroker.Protocol.Messages.ProduceResponse.PartitionProduceResponse;

namespace OrleansBroker.Server.Producing;

/// <summary>
/// A connection's wait for the commits of one produce request, used again for each: over when all its appends are decided, when
/// the producer's time is up, or when the connection ends.
/// </summary>
/// <remarks>
/// The timer is left as it is where it rings early enough: a producer's next request has the same timeout as a rule, and the timer
/// then looks anew. What is not decided in time is not waited for any more.
/// </remarks>
internal sealed class CommitWait : IValueTaskSource<bool>, IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _closing;

    // The first so many belong to the request that waits.
    private readonly List<Commit> _commits = [];
    private ManualResetValueTaskSourceCore<bool> _source;
    private int _count;
    private int _undecided;
    private bool _isWaiting;
    private bool _isClosed;
    private long _deadline;
    private long _ringsAt = long.MaxValue;

    public CommitWait(TimeProvider clock, CancellationToken closed)
    {
        _clock = clock;
        _timer = clock.CreateTimer(static wait => ((CommitWait)wait!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _closing = closed.UnsafeRegister(static wait => ((CommitWait)wait!).OnClosed(), this);
    }

    /// <summary>Where the next append is waited for; it counts once it was <see cref="Keep"/>t.</summary>
    public CommitWaiter Next
    {
        get
        {
            if (_count == _commits.Count)
            {
                _commits.Add(new Commit(this));
            }

            return _commits[_count];
        }
    }

    /// <summary>Whether no append of the request has to be waited for.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>The append that asked with <see cref="Next"/> is not decided yet: its answer gets the error if there is one.</summary>
    public void Keep(PartitionProduceResponse[] answers, int index)
    {
        lock (_gate)
        {
            var commit = _commits[_count++];
            commit.Answers = answers;
            commit.Index = index;
            _undecided += commit.IsDecided ? 0 : 1;
        }
    }

    /// <summary>Completes when every answer is as it has to be; false where the connection has ended instead.</summary>
    public ValueTask<bool> WaitAsync(int timeoutMs)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                Abandon(ErrorCode.None);
                return new ValueTask<bool>(false);
            }

            if (_undecided == 0)
            {
                Finish();
                return new ValueTask<bool>(true);
            }

            _source.Reset();
            _isWaiting = true;
            _deadline = _clock.GetTimestamp() + (long)(Math.Max(timeoutMs, 0) / 1000.0 * _clock.TimestampFrequency);
            RingAt(_deadline);
            return new ValueTask<bool>(this, _source.Version);
        }
    }

    public void Dispose()
    {
        _closing.Unregister();
        _timer.Dispose();
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void OnDecided(Commit commit, ErrorCode error, bool mayGoOnHere)
    {
        lock (_gate)
        {
            if (commit.IsAbandoned)
            {
                return;
            }

            commit.IsDecided = true;
            commit.Error = error;
            if (commit.Answers is null || --_undecided > 0 || !_isWaiting)
            {
                return;
            }

            Finish();
        }

        GoOn(isAnswered: true, mayGoOnHere);
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _ringsAt = long.MaxValue;
            if (!_isWaiting)
            {
                return;
            }

            // A timer may ring a little early, and for the request before.
            if (_clock.GetTimestamp() < _deadline)
            {
                RingAt(_deadline);
                return;
            }

            Abandon(ErrorCode.RequestTimedOut);
        }

        GoOn(isAnswered: true, mayGoOnHere: true);
    }

    private void OnClosed()
    {
        lock (_gate)
        {
            _isClosed = true;
            if (!_isWaiting)
            {
                return;
            }

            Abandon(ErrorCode.None);
        }

        GoOn(isAnswered: false, mayGoOnHere: false);
    }

    private void GoOn(bool isAnswered, bool mayGoOnHere)
    {
        _source.RunContinuationsAsynchronously = !mayGoOnHere || Nesting.IsDeep;
        Nesting.Enter();
        _source.SetResult(isAnswered);
        Nesting.Leave();
    }

    private void RingAt(long timestamp)
    {
        if (timestamp < _ringsAt)
        {
            _ringsAt = timestamp;
            var left = _clock.GetElapsedTime(_clock.GetTimestamp(), timestamp);
            _timer.Change(TimeSpan.FromMilliseconds(Math.Max(Math.Ceiling(left.TotalMilliseconds), 0)), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Fills in what has been decided, and is done with those that waited.</summary>
    private void Finish()
    {
        _isWaiting = false;
        for (var i = 0; i < _count; i++)
        {
            _commits[i].Fill();
        }

        _count = 0;
        _undecided = 0;
    }

    /// <summary>Leaves those alone that are not decided: they may be just now.</summary>
    private void Abandon(ErrorCode error)
    {
        for (var i = 0; i < _count; i++)
        {
            if (!_commits[i].IsDecided)
            {
                _commits[i].Error = error;
                _commits[i].Fill();
                _commits[i].IsAbandoned = true;
                _commits[i].Forget();
                _commits[i] = new Commit(this);
            }
        }

        Finish();
    }

    /// <summary>An append whose acknowledgement is waited for, and where its answer is.</summary>
    private sealed class Commit(CommitWait wait) : CommitWaiter
    {
        public PartitionProduceResponse[]? Answers { get; set; }

        public int Index { get; set; }

        public ErrorCode Error { get; set; }

        public bool IsDecided { get; set; }

        public bool IsAbandoned { get; set; }

        public void Fill()
        {
            if (Answers is not null && Error != ErrorCode.None)
            {
                Answers[Index].ErrorCode = Error;
                Answers[Index].BaseOffset = -1;
            }

            (Answers, Error, IsDecided) = (null, ErrorCode.None, false);
        }

        protected override void OnDecided(ErrorCode result, bool mayGoOnHere) => wait.OnDecided(this, result, mayGoOnHere);
    }
}
