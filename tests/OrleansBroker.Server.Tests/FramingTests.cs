using System.Buffers.Binary;
using System.Net.Sockets;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Tests;

/// <summary>What a connection does with bytes that are no requests, against a real listener on loopback.</summary>
public sealed class FramingTests : IAsyncLifetime
{
    private readonly TestBroker _broker = new(options => options with { RequestBytesMax = 1 << 20 });

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _broker.DisposeAsync().AsTask();

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData((1 << 20) + 1)]
    public void A_size_that_is_negative_or_above_the_limit_closes_the_connection(int size)
    {
        using var client = _broker.Connect();
        var prefix = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(prefix, size);
        client.Send(prefix);
        Assert.True(client.IsClosed());
        AssertStillServes();
        Assert.Single(_broker.Log.Lines, line => line.EventId == 3001);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 0, 18, 0, 0, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 0, 18, 0, 0, 0, 0, 0, 1, 127, 255 })]
    [InlineData(new byte[] { 0, 18, 0, 0, 0, 0, 0, 1, 0, 1, 0xFF })]
    public void A_header_that_is_none_closes_the_connection(byte[] request)
    {
        using var client = _broker.Connect();
        client.Send([0, 0, 0, (byte)request.Length, .. request]);
        Assert.True(client.IsClosed());
        AssertStillServes();
    }

    [Fact]
    public void A_request_that_ends_early_at_any_byte_harms_nobody()
    {
        var frame = TestClient.Frame(new ApiVersionsRequest { ClientSoftwareName = "a", ClientSoftwareVersion = "1" }, 3, 1);
        for (var length = 1; length < frame.Length; length++)
        {
            using var client = _broker.Connect();
            client.Send(frame.AsSpan(0, length));
            client.Socket.Shutdown(SocketShutdown.Send);
            Assert.True(client.IsClosed());
        }

        AssertStillServes();
    }

    [Fact]
    public void A_body_that_is_cut_at_any_byte_closes_the_connection()
    {
        var whole = TestClient.Frame(Batches.Fetch("t", 0), 11, 1);
        for (var length = 14; length < whole.Length - 4; length++)
        {
            using var client = _broker.Connect();
            var cut = whole[..(4 + length)];
            BinaryPrimitives.WriteInt32BigEndian(cut, length);
            client.Send(cut);
            Assert.True(client.IsClosed(), $"at {length}");
        }

        AssertStillServes();
    }

    [Fact]
    public void A_request_that_arrives_byte_by_byte_is_answered()
    {
        using var client = _broker.Connect();
        foreach (var next in TestClient.Frame(new ApiVersionsRequest(), 0, 7))
        {
            client.Send([next]);
        }

        client.Receive<ApiVersionsResponse>(ApiVersionsRequest.Api, 0, out var correlationId);
        Assert.Equal(7, correlationId);
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_their_order()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        var sent = new List<byte>();
        for (var i = 0; i < 300; i++)
        {
            // Sizes around the small buffer's, so that requests lie across its end in every way.
            sent.AddRange(i % 3 == 0
                ? TestClient.Frame(Batches.Produce("t", 0, Batches.OfSize(i * 97 % 20_000)), 7, i)
                : TestClient.Frame(new ApiVersionsRequest(), 0, i));
        }

        var sending = Task.Run(() => client.Send(sent.ToArray()));
        for (var i = 0; i < 300; i++)
        {
            var frame = client.Receive();
            Assert.NotNull(frame);
            Assert.Equal(i, BinaryPrimitives.ReadInt32BigEndian(frame));
        }

        await sending;
        Assert.Equal(100, _broker.Partitions.Find("t", 0)!.HighWatermark);
    }

    [Fact]
    public void A_client_that_sent_its_last_request_and_shut_down_its_side_gets_its_answer()
    {
        using var client = _broker.Connect();
        client.Send(new ApiVersionsRequest(), 0);
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.NotNull(client.Receive());
        Assert.True(client.IsClosed());
    }

    [Theory]
    [InlineData(999, 0)]
    [InlineData((short)ApiKey.Fetch, 3)]
    [InlineData((short)ApiKey.Fetch, 99)]
    [InlineData((short)ApiKey.Produce, 2)]
    [InlineData(-1, -1)]
    public void An_API_or_version_that_is_not_served_closes_the_connection(short key, short version)
    {
        using var client = _broker.Connect();
        var request = new byte[14];
        BinaryPrimitives.WriteInt32BigEndian(request, 10);
        BinaryPrimitives.WriteInt16BigEndian(request.AsSpan(4), key);
        BinaryPrimitives.WriteInt16BigEndian(request.AsSpan(6), version);
        client.Send(request);
        Assert.True(client.IsClosed());
        AssertStillServes();
        Assert.Single(_broker.Log.Lines, line => line.EventId == 3008);
    }

    private void AssertStillServes()
    {
        using var client = _broker.Connect();
        Assert.Equal(ErrorCode.None, client.ApiVersions().ErrorCode);
    }
}
