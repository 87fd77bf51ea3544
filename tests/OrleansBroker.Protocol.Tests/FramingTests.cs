using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

public sealed class FramingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void A_request_frame_is_read_as_it_was_written(short version)
    {
        var frame = RequestFraming.Write(new HeartbeatRequest { GroupId = "g", GenerationId = 4, MemberId = "m" }, version, correlationId: 77, "client");

        Assert.Equal(frame.Length - 4, BinaryPrimitives.ReadInt32BigEndian(frame));
        var reader = new WireReader(frame.AsMemory(4), version: 0, flexible: false);
        var header = RequestHeader.Read(ref reader);
        Assert.Equal((ApiKey.Heartbeat, version, 77, "client"), (header.ApiKey, header.ApiVersion, header.CorrelationId, header.ClientId));
        var request = RequestFraming.ReadBody<HeartbeatRequest>(frame.AsMemory(4 + reader.Position), version);
        Assert.Equal(("g", 4, "m"), (request.GroupId, request.GenerationId, request.MemberId));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void An_ApiVersions_response_has_no_tags_in_its_header(short version)
    {
        var response = new ApiVersionsResponse { ErrorCode = ErrorCode.UnsupportedVersion };
        var size = ResponseFraming.Measure(ApiVersionsRequest.Api, version, ref response);
        var frame = new byte[size.Total];
        ResponseFraming.Write(frame, size, ApiVersionsRequest.Api, version, correlationId: 5, ref response);

        Assert.Equal([0, 0, 0, 5, 0, 35], frame[4..10]);
        var received = ResponseFraming.Read<ApiVersionsResponse>(frame.AsMemory(4), ApiVersionsRequest.Api, version, out var correlationId);
        Assert.Equal(5, correlationId);
        Assert.Equal(ErrorCode.UnsupportedVersion, received.ErrorCode);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(18)]
    public void Records_left_out_and_spliced_in_give_the_frame_with_records_copied(short version)
    {
        var response = new FetchResponse
        {
            Responses =
            [
                new() { Topic = "a", Partitions = [Partition(0, new RecordSet(new Source(100), 3, 50)), Partition(1, RecordSet.Empty)] },
                new() { Topic = "b", Partitions = [Partition(0, default), Partition(7, new RecordSet(new byte[] { 1, 2 })), Partition(8, new RecordSet(new Source(9), 0, 9))] },
            ],
        };
        var size = ResponseFraming.Measure(FetchRequest.Api, version, ref response);
        var copied = new byte[size.Total];
        Assert.Equal(size.Total, ResponseFraming.Write(copied, size, FetchRequest.Api, version, correlationId: 1, ref response));

        var splices = new List<RecordSplice>();
        var inline = new byte[size.Inline];
        Assert.Equal(size.Inline, ResponseFraming.Write(inline, size, FetchRequest.Api, version, correlationId: 1, ref response, splices));
        Assert.Equal(2, splices.Count);
        Assert.Equal(copied, Splice(inline, splices));
        Assert.Equal(size.Total - 4, BinaryPrimitives.ReadInt32BigEndian(copied));

        var received = ResponseFraming.Read<FetchResponse>(copied.AsMemory(4), FetchRequest.Api, version, out _);
        Assert.Equal(50, received.Responses[0].Partitions[0].Records.Length);
        Assert.True(received.Responses[1].Partitions[0].Records.IsNull);
        Assert.False(received.Responses[0].Partitions[1].Records.IsNull);
    }

    [Fact]
    public void Struct_elements_that_were_never_constructed_are_written_as_empty()
    {
        var response = new FetchResponse { Responses = new FetchResponse.FetchableTopicResponse[2] };
        var size = ResponseFraming.Measure(FetchRequest.Api, 11, ref response);
        var frame = new byte[size.Total];
        Assert.Equal(size.Total, ResponseFraming.Write(frame, size, FetchRequest.Api, 11, 1, ref response));
        var received = ResponseFraming.Read<FetchResponse>(frame.AsMemory(4), FetchRequest.Api, 11, out _);
        Assert.Equal(string.Empty, received.Responses[1].Topic);
    }

    private static FetchResponse.PartitionData Partition(int index, RecordSet records) => new() { PartitionIndex = index, Records = records };

    private static byte[] Splice(byte[] inline, List<RecordSplice> splices)
    {
        var whole = new List<byte>();
        var done = 0;
        foreach (var splice in splices)
        {
            whole.AddRange(inline[done..splice.At]);
            var records = new byte[splice.Records.Length];
            splice.Records.CopyTo(records);
            whole.AddRange(records);
            done = splice.At;
        }

        whole.AddRange(inline[done..]);
        return [.. whole];
    }

    /// <summary>Bytes that tell their own position.</summary>
    private sealed class Source(int length) : IRecordSource
    {
        public SafeFileHandle? Handle => null;

        public int Read(long position, Span<byte> destination)
        {
            var count = (int)Math.Min(destination.Length, length - position);
            for (var i = 0; i < count; i++)
            {
                destination[i] = (byte)(position + i);
            }

            return count;
        }
    }
}
