using System.Buffers.Binary;
using System.Net.Sockets;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using Xunit.Abstractions;

namespace OrleansBroker.Server.Tests;

/// <summary>
/// Random bytes and mutated requests against a real listener, with a fixed budget and a fresh seed, which is printed;
/// <c>TEST_SEED</c> runs one again. Whatever comes in, another connection is served afterwards and memory does not grow.
/// </summary>
[Collection(MeasuringTests.Name)]
public sealed class FrameFuzzTests(ITestOutputHelper output)
{
    private const int Rounds = 1_500;

    [Fact]
    public async Task Whatever_comes_in_the_broker_goes_on()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TEST_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"TEST_SEED={seed}");
        var random = new Random(seed);
        await using var broker = new TestBroker(options => options with { RequestBytesMax = 1 << 20, RequestStallMsMax = 500 });
        var topicId = broker.CreateTopic("t", partitions: 2);
        var valid = ValidFrames(topicId);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var round = 0; round < Rounds; round++)
        {
            using var client = broker.Connect();
            SendAll(client, random.Next(4) == 0 ? Noise(random) : Mutated(random, valid));
            if (round % 50 == 0)
            {
                using var other = broker.Connect();
                Assert.Equal(ErrorCode.None, other.ApiVersions().ErrorCode);
            }
        }

        using var last = broker.Connect();
        Assert.Equal(ErrorCode.None, last.ApiVersions().ErrorCode);
        var failures = broker.Log.Lines.Where(line => line.EventId == 3003).Select(line => line.Line).ToList();
        Assert.True(failures.Count == 0, $"TEST_SEED={seed}: {failures.FirstOrDefault()}");
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64 << 20);
    }

    private static List<byte[]> ValidFrames(Guid topicId)
    {
        var produce = Batches.Produce("t", 1, Batches.Of("a", "b"));
        produce.TopicData[0].TopicId = topicId;
        var fetch = Batches.Fetch("t", 0, maxWaitMs: 5, partitions: [0, 1]);
        fetch.Topics[0].TopicId = topicId;
        fetch.SessionEpoch = FetchRequest.InitialEpoch;
        var listOffsets = new ListOffsetsRequest
        {
            Topics = [new ListOffsetsRequest.ListOffsetsTopic { Name = "t", Partitions = [new ListOffsetsRequest.ListOffsetsPartition { Timestamp = 5 }] }],
        };
        var delete = new DeleteRecordsRequest
        {
            Topics = [new DeleteRecordsRequest.DeleteRecordsTopic { Name = "t", Partitions = [new DeleteRecordsRequest.DeleteRecordsPartition { Offset = -1 }] }],
        };
        return
        [
            TestClient.Frame(new ApiVersionsRequest { ClientSoftwareName = "a", ClientSoftwareVersion = "1" }, 3, 1),
            TestClient.Frame(produce, 3, 2),
            TestClient.Frame(produce, 9, 3),
            TestClient.Frame(produce, 13, 4),
            TestClient.Frame(fetch, 4, 5),
            TestClient.Frame(fetch, 11, 6),
            TestClient.Frame(fetch, 17, 7),
            TestClient.Frame(listOffsets, 1, 8),
            TestClient.Frame(listOffsets, 10, 9),
            TestClient.Frame(delete, 2, 10),
            TestClient.Frame(new InitProducerIdRequest(), 4, 11),
        ];
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(1, 4_000)];
        random.NextBytes(bytes);
        if (random.Next(2) == 0 && bytes.Length > 16)
        {
            // A size that fits, so that what follows is taken for a request.
            BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length - 4);
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(4), (short)random.Next(0, 93));
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(6), (short)random.Next(0, 19));
        }

        return bytes;
    }

    private static byte[] Mutated(Random random, List<byte[]> valid)
    {
        var frame = valid[random.Next(valid.Count)].ToList();
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var at = random.Next(4, frame.Count);
            switch (random.Next(5))
            {
                case 0:
                    frame[at] = (byte)random.Next(256);
                    break;
                case 1:
                    frame[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    frame[at] = random.Next(2) == 0 ? (byte)0xFF : (byte)0x7F;
                    break;
                case 3:
                    frame.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    frame.RemoveRange(at, Math.Min(random.Next(1, 8), frame.Count - at));
                    break;
            }

            if (frame.Count < 6)
            {
                break;
            }
        }

        var mutated = frame.ToArray();
        if (random.Next(8) != 0)
        {
            BinaryPrimitives.WriteInt32BigEndian(mutated, mutated.Length - 4);
        }

        return mutated;
    }

    /// <summary>Sends, ends this side, and reads until the broker is through with it.</summary>
    private static void SendAll(TestClient client, byte[] bytes)
    {
        try
        {
            client.Send(bytes);
            client.Socket.Shutdown(SocketShutdown.Send);
            var ignored = new byte[4_096];
            while (client.Socket.Receive(ignored) > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            // The broker closed the connection while it was being written to.
        }
    }
}
