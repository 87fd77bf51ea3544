using OrleansBroker.Core.Replication;
using static OrleansBroker.Core.Tests.Replication.States;

namespace OrleansBroker.Core.Tests.Replication;

public sealed class ArrivingStatesTests
{
    private static readonly ReplicaKey Key = new(Topic, 0);

    private readonly ArrivingStates _arriving = new();

    [Fact]
    public void What_is_announced_while_a_topic_is_placed_counts_where_it_is_newer_than_what_was_read()
    {
        var (first, second, third) = (State(1, [1, 2], [1]), State(2, [1, 2], [2], epoch: 1), State(1, [1, 2], [1], epoch: 2));
        _arriving.Begin(Topic);
        _arriving.Note(second);
        _arriving.Note(first);

        Assert.Same(second, _arriving.Newest(first, Key));
        Assert.Same(second, _arriving.Newest(null, Key));
        Assert.Same(third, _arriving.Newest(third, Key));
    }

    [Fact]
    public void What_is_announced_of_a_topic_that_nobody_places_is_not_kept()
    {
        _arriving.Note(State(1, [1, 2], [1]));
        _arriving.Begin(Topic);
        Assert.Null(_arriving.Newest(null, Key));
        _arriving.Begin(Topic);
        _arriving.End(Topic);
        _arriving.Note(State(1, [1, 2], [1]));
        Assert.NotNull(_arriving.Newest(null, Key));

        _arriving.End(Topic);

        Assert.Null(_arriving.Newest(null, Key));
        Assert.Equal(0, _arriving.Count);
    }
}
