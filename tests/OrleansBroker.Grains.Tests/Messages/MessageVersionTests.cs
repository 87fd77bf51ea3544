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
    public void A_later_build_writes_what_it_knows_only_once_all_others_have_said_that_they_do()
    {
        var later = new MessageVersion(MessageVersion.Newest + 1);

        later.Agree([MessageVersion.Newest + 1, MessageVersion.Oldest]);
        Assert.Equal(MessageVersion.Oldest, later.Agreed);
        later.Agree([MessageVersion.Newest + 1, MessageVersion.Newest + 1]);
        Assert.Equal(MessageVersion.Newest + 1, later.Agreed);
    }

    [Fact]
    public void A_broker_that_knows_less_is_written_to_in_what_it_knows()
    {
        _version.Agree([MessageVersion.Newest, MessageVersion.Oldest]);

        Assert.Equal(MessageVersion.Oldest, _version.Agreed);
    }
}
