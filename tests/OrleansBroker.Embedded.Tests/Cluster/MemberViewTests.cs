using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded.Cluster;

namespace OrleansBroker.Embedded.Tests.Cluster;

public sealed class MemberViewTests
{
    [Fact]
    public async Task A_subscriber_that_fails_is_told_of_and_keeps_nothing_from_the_others()
    {
        var failure = new InvalidOperationException("of the first subscriber");
        var failures = new List<Exception>();
        var seen = new List<long>();
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var view = new MemberView(() => true, failures.Add);
        using var failing = view.Subscribe(_ => throw failure);
        using var seeing = view.Subscribe(cluster =>
        {
            seen.Add(cluster.Version);
            (cluster.Version == 1 ? first : second).SetResult();
        });

        view.Take(new ClusterView(1, []));
        await first.Task;
        view.Take(new ClusterView(2, []));
        await second.Task;

        Assert.Equal([1, 2], seen);
        Assert.Equal([failure, failure], failures);
    }
}
