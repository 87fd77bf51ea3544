using OrleansBroker.Core.Groups;

namespace OrleansBroker.Core.Tests.Groups;

public sealed class SubscriptionTests
{
    [Fact]
    public void Topics_are_read_from_a_subscription()
    {
        var topics = new HashSet<string>();

        Assert.True(Subscription.TryReadTopics(GroupMachine.Subscribe("orders"), topics));

        Assert.Equal(["orders"], topics);
    }

    [Fact]
    public void A_subscription_cut_off_before_its_last_topic_is_not_read()
    {
        var bytes = GroupMachine.Subscribe("orders");
        for (var length = 0; length < bytes.Length - 4; length++)
        {
            Assert.False(Subscription.TryReadTopics(bytes.AsSpan(0, length), []), $"{length} bytes");
        }
    }

    [Theory]
    [InlineData("FFFF00000000")]
    [InlineData("0000FFFFFFFF")]
    [InlineData("0000000000017FFF")]
    [InlineData("000000000001FFFF")]
    public void Bytes_that_are_something_else_are_not_read(string hex) =>
        Assert.False(Subscription.TryReadTopics(Convert.FromHexString(hex), []));
}
