using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

public sealed class WirePrinterTests
{
    [Fact]
    public void A_message_is_printed_with_the_fields_of_its_version()
    {
        var request = new HeartbeatRequest { GroupId = "g", GenerationId = 4, MemberId = "m" };
        Assert.Equal("HeartbeatRequest v2 {GroupId=\"g\", GenerationId=4, MemberId=\"m\"}", WirePrinter.Print(request, 2));
        Assert.Equal("HeartbeatRequest v3 {GroupId=\"g\", GenerationId=4, MemberId=\"m\", GroupInstanceId=null}", WirePrinter.Print(request, 3));
    }

    [Fact]
    public void Records_are_printed_as_lengths_and_errors_by_name()
    {
        var request = new ProduceRequest { TopicData = [new() { Name = "t", PartitionData = [new() { Index = 1, Records = new RecordSet(new byte[70]) }, default] }] };
        Assert.Equal(
            "ProduceRequest v3 {TransactionalId=null, Acks=0, TimeoutMs=0, TopicData=[{Name=\"t\", PartitionData=[{Index=1, Records=70 bytes}, {Index=0, Records=null}]}]}",
            WirePrinter.Print(request, 3));
        Assert.Equal(
            "HeartbeatResponse v0 {ErrorCode=RebalanceInProgress}",
            WirePrinter.Print(new HeartbeatResponse { ErrorCode = ErrorCode.RebalanceInProgress }, HeartbeatRequest.Api, 0));
    }

    [Fact]
    public void Tagged_fields_are_printed_when_they_are_there()
    {
        var response = new ProduceResponse { NodeEndpoints = [new() { NodeId = 3, Host = "h", Port = 1 }] };
        Assert.Equal("ProduceResponse v9 {Responses=[], ThrottleTimeMs=0}", WirePrinter.Print(response, ProduceRequest.Api, 9));
        Assert.Equal(
            "ProduceResponse v10 {Responses=[], ThrottleTimeMs=0, NodeEndpoints=[{NodeId=3, Host=\"h\", Port=1, Rack=null}]}",
            WirePrinter.Print(response, ProduceRequest.Api, 10));
    }

    [Fact]
    public void What_a_client_sent_cannot_flood_a_log_or_begin_a_line_in_it()
    {
        var request = new OffsetFetchRequest { GroupId = "a\nb", Topics = [new() { Name = new string('x', 5000), PartitionIndexes = new int[100_000] }] };
        var text = WirePrinter.Print(request, 1);
        Assert.InRange(text.Length, 1, 600);
        Assert.Contains("a\\u000ab", text, StringComparison.Ordinal);
        Assert.Contains("… 100000 in all]", text, StringComparison.Ordinal);
    }
}
