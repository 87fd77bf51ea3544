using System.Text;

namespace OrleansBroker.Client.Tests;

public sealed class Murmur2Tests
{
    // As Kafka's own UtilsTest has them.
    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void Keys_hash_as_in_the_Java_client(string key, int hash) =>
        Assert.Equal(hash, (int)Murmur2.Hash(Encoding.UTF8.GetBytes(key)));

    [Fact]
    public void A_negative_hash_still_names_a_partition() =>
        Assert.Equal((-973932308 & int.MaxValue) % 7, Murmur2Partitioner.Instance.Partition("topic", "21"u8, hasKey: true, partitionCount: 7));

    [Fact]
    public void A_record_without_a_key_may_go_anywhere() =>
        Assert.Equal(IPartitioner.Any, Murmur2Partitioner.Instance.Partition("topic", [], hasKey: false, partitionCount: 7));
}
