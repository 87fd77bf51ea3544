using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Replication;

public sealed class CommitQueueTests
{
    [Theory]
    [InlineData("a", "bcd")]
    [InlineData("b", "acd")]
    [InlineData("d", "abc")]
    [InlineData("cb", "ad")]
    [InlineData("dcba", "")]
    public void Whoever_is_taken_out_is_not_told_and_the_others_are_in_their_order(string removed, string told)
    {
        var heard = new List<char>();
        var queue = default(CommitQueue);
        var waiters = "abcd".ToDictionary(name => name, name => new Waiter(name, heard) { LastOffset = name });
        foreach (var waiter in waiters.Values)
        {
            queue.Add(waiter);
        }

        foreach (var name in removed)
        {
            queue.Remove(waiters[name]);
        }

        queue.Add(new Waiter('e', heard) { LastOffset = long.MaxValue - 1 });
        queue.Decide('z', ErrorCode.None).Tell(mayGoOnHere: false);
        Assert.Equal(told, string.Concat(heard));
        queue.Decide(long.MaxValue, ErrorCode.None).Tell(mayGoOnHere: false);
        Assert.Equal(told + "e", string.Concat(heard));
        Assert.True(queue.IsEmpty);
    }

    private sealed class Waiter(char name, List<char> heard) : CommitWaiter
    {
        protected internal override void OnDecided(ErrorCode result, bool mayGoOnHere) => heard.Add(name);
    }
}
