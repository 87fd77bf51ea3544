// The port that has a thread: a simulator uses InlineWork.
#pragma warning disable RS0030

using System.Collections.Concurrent;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Embedded;

/// <summary>Works on a thread of its own that yields to all others.</summary>
internal sealed class LowPriorityThread : IBackgroundWork
{
    private readonly BlockingCollection<(Action Work, TaskCompletionSource Done)> _queue = [];
    private readonly Thread _thread;

    public LowPriorityThread(string name)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public Task RunAsync(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Add((work, done));
        return done.Task;
    }

    public void Rest(TimeSpan time, CancellationToken cancellation) => cancellation.WaitHandle.WaitOne(time);

    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
    }

    private void Run()
    {
        BackgroundThread.LowerPriority();
        foreach (var (work, done) in _queue.GetConsumingEnumerable())
        {
            try
            {
                work();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }
    }
}
