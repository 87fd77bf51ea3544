using OrleansBroker.Abstractions.Messages;

namespace OrleansBroker.Grains.Tests.Messages;

public sealed class MessageVersionTests
{
    private readonly MessageVersion _version = new();

    [Fact]
    public void Nobody_heard_of_yet_is_taken_to_know_the_oldest_only() => Assert.Equal(MessageVersion.Oldest, _version.Agreed);

    [Fact]
    public void The_newest_that_all_know_is_written()
    {
        _version.Agree([MessageVersion.Newest, MessageVersion.Newest + 1]);

        Assert.Equal(MessageVersion.Newest, _version.Agreed);
    }

    [Fact]
    public void A_broker_that_knows_less_is_written_to_in_what_it_knows()
    {
        _version.Agree([MessageVersion.Newest, MessageVersion.Oldest]);

        Assert.Equal(MessageVersion.Oldest, _version.Agreed);
    }
}
