using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Embedded;
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
    private const int ReceiveMsMax = 100;

    [Fact]
    public async Task Whatever_comes_in_the_broker_goes_on()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TEST_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"TEST_SEED={seed}");
        var random = new Random(seed);
        using var directory = new TemporaryDirectory();
        using var log = new LinesLogger();
        await using var broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { Config = Config(), DataDirectory = directory.Path, Loggers = log });
        var endpoint = IPEndPoint.Parse(broker.Endpoint);
        var valid = FuzzFrames.All(CreateTopic(endpoint));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var round = 0; round < Rounds; round++)
        {
            using var client = new TestClient(endpoint);
            SendAll(client, random.Next(4) == 0 ? Noise(random) : Mutated(random, valid));
            if (round % 50 == 0)
            {
                AssertServes(endpoint);
            }
        }

        AssertServes(endpoint);
        var failures = log.Lines.Where(line => line.EventId == 3003).Select(line => line.Line).ToList();
        Assert.True(failures.Count == 0, $"TEST_SEED={seed}: {failures.FirstOrDefault()}");
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64 << 20);
    }

    /// <summary>Topics are not created by accident, and groups do not wait for further members.</summary>
    private static BrokerConfig Config()
    {
        var values = new Dictionary<string, string>
        {
            ["listeners"] = "PLAINTEXT://127.0.0.1:0",
            ["auto.create.topics.enable"] = "false",
            ["offsets.topic.num.partitions"] = "1",
            ["group.initial.rebalance.delay.ms"] = "0",
            ["socket.request.max.bytes"] = "1048576",
        };
        return BrokerConfig.TryCreate(values, out var config, out _) ? config : throw new InvalidOperationException("the configuration is refused");
    }

    private static Guid CreateTopic(IPEndPoint broker)
    {
        using var client = new TestClient(broker);
        var topic = new CreateTopicsRequest.CreatableTopic { Name = "t", NumPartitions = 2, ReplicationFactor = 1 };
        return client.Call<CreateTopicsRequest, CreateTopicsResponse>(new CreateTopicsRequest { Topics = [topic], TimeoutMs = 10_000 }, 7).Topics[0].TopicId;
    }

    private static void AssertServes(IPEndPoint broker)
    {
        using var other = new TestClient(broker);
        Assert.Equal(ErrorCode.None, other.ApiVersions().ErrorCode);
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

    /// <summary>Sends, ends this side, and reads until the broker is through with it or, with a request that waits, does not answer.</summary>
    private static void SendAll(TestClient client, byte[] bytes)
    {
        try
        {
            client.Socket.ReceiveTimeout = ReceiveMsMax;
            client.Send(bytes);
            client.Socket.Shutdown(SocketShutdown.Send);
            var ignored = new byte[4_096];
            while (client.Socket.Receive(ignored) > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted or SocketError.TimedOut or SocketError.WouldBlock)
        {
            // The broker closed the connection while it was being written to, or the request waits.
        }
    }
}
