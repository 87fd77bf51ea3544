using OrleansBroker.Protocol.Records.Coordinator;

namespace OrleansBroker.Protocol.Tests.Records.Coordinator;

public sealed class CoordinatorFormatTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void An_offset_commit_key_has_the_bytes_that_Kafka_writes(short version)
    {
        var bytes = CoordinatorFormat.Encode(new OffsetCommitKey { Group = "g1", Topic = "t", Partition = 258 }, version);
        Assert.Equal($"000{version}" + "00026731" + "000174" + "00000102", Convert.ToHexString(bytes));
        var key = CoordinatorFormat.Decode<OffsetCommitKey>(bytes);
        Assert.Equal(("g1", "t", 258), (key.Group, key.Topic, key.Partition));
    }

    [Theory]
    [InlineData(0, "0000" + "0000000000000007" + "00016D" + "0000000000000009")]
    [InlineData(1, "0001" + "0000000000000007" + "00016D" + "0000000000000009" + "000000000000000B")]
    [InlineData(2, "0002" + "0000000000000007" + "00016D" + "0000000000000009")]
    [InlineData(3, "0003" + "0000000000000007" + "00000005" + "00016D" + "0000000000000009")]
    [InlineData(4, "0004" + "0000000000000007" + "00000005" + "026D" + "0000000000000009" + "01" + "0010" + "000102030405060708090A0B0C0D0E0F")]
    public void An_offset_commit_value_has_the_bytes_that_Kafka_writes(short version, string hex)
    {
        var id = new Guid([.. Enumerable.Range(0, 16).Select(i => (byte)i)], bigEndian: true);
        var value = new OffsetCommitValue { Offset = 7, LeaderEpoch = 5, Metadata = "m", CommitTimestamp = 9, ExpireTimestamp = 11, TopicId = id };
        Assert.Equal(hex, Convert.ToHexString(CoordinatorFormat.Encode(value, version)));
        var read = CoordinatorFormat.Decode<OffsetCommitValue>(Convert.FromHexString(hex));
        Assert.Equal((7, "m", 9), (read.Offset, read.Metadata, read.CommitTimestamp));
        Assert.Equal(version >= 3 ? 5 : -1, read.LeaderEpoch);
        Assert.Equal(version == 1 ? 11 : -1, read.ExpireTimestamp);
        Assert.Equal(version == 4 ? id : Guid.Empty, read.TopicId);
    }

    [Fact]
    public void Versions_are_those_that_a_current_Kafka_writes()
    {
        Assert.Equal(1, new OffsetCommitKey().VersionWritten);
        Assert.Equal(2, new GroupMetadataKey().VersionWritten);
        Assert.Equal(3, new GroupMetadataValue().VersionWritten);
        Assert.Equal(3, new OffsetCommitValue().VersionWritten);
        Assert.Equal(1, new OffsetCommitValue { ExpireTimestamp = 5 }.VersionWritten);
        Assert.Equal(4, new OffsetCommitValue { TopicId = Guid.NewGuid() }.VersionWritten);
    }

    [Fact]
    public void A_group_metadata_key_has_the_bytes_that_Kafka_writes()
    {
        var bytes = CoordinatorFormat.Encode(new GroupMetadataKey { Group = "g1" });
        Assert.Equal("000200026731", Convert.ToHexString(bytes));
        Assert.Equal(2, CoordinatorFormat.ReadVersion(bytes));
        Assert.Equal("g1", CoordinatorFormat.Decode<GroupMetadataKey>(bytes).Group);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_group_metadata_value_comes_back_in_every_version(short version)
    {
        var member = new MemberMetadata
        {
            MemberId = "m-1",
            GroupInstanceId = "i-1",
            ClientId = "c",
            ClientHost = "/10.0.0.1",
            RebalanceTimeout = 300,
            SessionTimeout = 100,
            Subscription = new byte[] { 1, 2 },
            Assignment = new byte[] { 3 },
        };
        var value = new GroupMetadataValue
        {
            ProtocolType = "consumer",
            Generation = 4,
            Leader = "m-1",
            CurrentStateTimestamp = 77,
            Members = [member, new MemberMetadata { MemberId = "m-2" }],
        };
        var read = CoordinatorFormat.Decode<GroupMetadataValue>(CoordinatorFormat.Encode(value, version));
        Assert.Equal(("consumer", 4, null, "m-1"), (read.ProtocolType, read.Generation, read.Protocol, read.Leader));
        Assert.Equal(version >= 2 ? 77 : -1, read.CurrentStateTimestamp);
        Assert.Equal(2, read.Members.Length);
        var readMember = read.Members[0];
        Assert.Equal(("m-1", "c", "/10.0.0.1", 100), (readMember.MemberId, readMember.ClientId, readMember.ClientHost, readMember.SessionTimeout));
        Assert.Equal(version >= 3 ? "i-1" : null, readMember.GroupInstanceId);
        Assert.Equal(version >= 1 ? 300 : -1, readMember.RebalanceTimeout);
        Assert.Equal([1, 2], readMember.Subscription.ToArray());
        Assert.Equal([3], readMember.Assignment.ToArray());
        Assert.Null(read.Members[1].GroupInstanceId);
    }

    [Fact]
    public void A_group_metadata_value_has_the_bytes_that_Kafka_writes()
    {
        var value = new GroupMetadataValue { ProtocolType = "consumer", Generation = 1, CurrentStateTimestamp = 2 };
        Assert.Equal(
            "0003" + "0008636F6E73756D6572" + "00000001" + "FFFF" + "FFFF" + "0000000000000002" + "00000000",
            Convert.ToHexString(CoordinatorFormat.Encode(value)));
    }

    [Fact]
    public void Truncations_unknown_versions_and_trailing_bytes_are_malformed()
    {
        var bytes = CoordinatorFormat.Encode(new OffsetCommitValue { Metadata = "some" });
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<MalformedMessageException>(() => CoordinatorFormat.Decode<OffsetCommitValue>(bytes.AsMemory(0, length)));
        }

        Assert.Throws<MalformedMessageException>(() => CoordinatorFormat.Decode<OffsetCommitValue>(new byte[] { 0, 5, 0, 0 }));
        Assert.Throws<MalformedMessageException>(() => CoordinatorFormat.Decode<GroupMetadataKey>(new byte[] { 0, 1, 0, 0 }));
        Assert.Throws<MalformedMessageException>(() => CoordinatorFormat.Decode<OffsetCommitValue>((byte[])[.. bytes, 0]));
    }
}
