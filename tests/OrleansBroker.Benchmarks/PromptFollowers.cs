using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Benchmarks;

/// <summary>Two followers that have every record at once, on a thread of their own: what is left is what the leader does for a commit.</summary>
internal sealed class PromptFollowers : IAppendListener, IDisposable
{
    public static readonly BrokerId[] Ids = [new(1), new(2)];

    private readonly SemaphoreSlim _appended = new(0);
    private readonly Partition _partition;
    private readonly Thread _thread;
    private volatile bool _isOver;

    public PromptFollowers(Partition partition)
    {
        _partition = partition;
        partition.ListenToAppends(this);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public void OnAppended(Partition partition) => _appended.Release();

    public void Dispose()
    {
        _isOver = true;
        _appended.Release();
        _thread.Join();
        _appended.Dispose();
    }

    private void Run()
    {
        while (!_isOver)
        {
            var decided = default(CommitQueue);
            foreach (var follower in Ids)
            {
                _partition.NoteFetched(_partition.Leadership!, follower, brokerEpoch: 0, _partition.Log.LogEndOffset, TimeProvider.System.GetTimestamp(), ref decided);
            }

            decided.Tell(mayGoOnHere: true);
            _appended.Wait();
        }
    }
}
