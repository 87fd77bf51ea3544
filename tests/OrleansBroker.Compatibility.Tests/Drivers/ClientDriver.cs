using System.Diagnostics;
using System.Text.Json.Nodes;

namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>The process in which a client runs, and what the tests ask of clients most.</summary>
internal sealed class ClientDriver : DriverProcess
{
    private const int WaitTimeoutMs = 60000;

    private ClientDriver(string name, ProcessStartInfo start)
        : base(name, start)
    {
    }

    /// <summary>What <see cref="CommittedAsync"/> gives for a partition without a commit.</summary>
    public const long NoOffset = -1;

    public static ClientDriver Start(string client, string brokerAddress)
    {
        ClientKind kind = ClientCatalog.Get(client);
        string[] script = kind.Program.EndsWith("python3", StringComparison.Ordinal) ? ["-B", kind.Script] : [kind.Script];
        return new ClientDriver(client, new ProcessStartInfo(kind.Program, [.. script, brokerAddress])
        {
            WorkingDirectory = Repository.ClientsDirectory,
            Environment = { ["UV_THREADPOOL_SIZE"] = "16" },
        });
    }

    public Task ProduceAsync(string topic, IEnumerable<OutgoingRecord> records, string? codec = null, int? acks = null, bool? idempotent = null, string? producer = null, int? maxBytes = null) =>
        CallAsync("produce", new { topic, records, codec, acks, idempotent, producer, maxBytes });

    public Task OpenAsync(string name, string topic, object from, int[]? partitions = null, string? reset = null, string? rack = null) =>
        CallAsync("open", new { name, topic, from, partitions, reset, rack });

    /// <summary>Waits until a consumer has had so many records since it began, and takes those not taken yet.</summary>
    public async Task<ConsumedRecord[]> TakeAsync(string name, int received)
    {
        await CallAsync("wait", new { name, received, timeoutMs = WaitTimeoutMs });
        return await CallAsync<ConsumedRecord[]>("take", new { name });
    }

    /// <summary>Reads so many records of a topic from its beginning, with a consumer of its own.</summary>
    public async Task<ConsumedRecord[]> ReadAsync(string topic, int count, int[]? partitions = null)
    {
        string name = Guid.NewGuid().ToString("N");
        await OpenAsync(name, topic, "beginning", partitions);
        ConsumedRecord[] records = await TakeAsync(name, count);
        await CloseAsync(name);
        return records;
    }

    public Task CloseAsync(string name) => CallAsync("close", new { name });

    public Task JoinAsync(string name, string group, string topic, object? settings = null)
    {
        var parameters = new JsonObject { ["name"] = name, ["group"] = group, ["topics"] = new JsonArray(topic) };
        foreach ((string setting, JsonNode? value) in System.Text.Json.JsonSerializer.SerializeToNode(settings ?? new(), Json)!.AsObject())
        {
            parameters[setting] = value?.DeepClone();
        }
        return CallAsync("join", parameters);
    }

    /// <summary>Waits until a member is assigned so many partitions, and returns them.</summary>
    public async Task<int[]> AssignedAsync(string name, int partitions)
    {
        JsonNode? state = await CallAsync("wait", new { name, partitions, timeoutMs = WaitTimeoutMs });
        return [.. state!["assignment"]!.AsArray().Select(each => (int)each![1]!).Order()];
    }

    public Task CommitAsync(string name) => CallAsync("commit", new { name });

    public Task LeaveAsync(string name) => CallAsync("leave", new { name });

    /// <summary>The committed offsets of the first partitions of a topic, by partition.</summary>
    public async Task<long[]> CommittedAsync(string group, string topic, int partitions)
    {
        JsonNode? rows = await CallAsync("committed", new { group, topic, partitions = Enumerable.Range(0, partitions) });
        var offsets = new long[partitions];
        Array.Fill(offsets, NoOffset);
        foreach (JsonNode? row in rows!.AsArray())
        {
            offsets[(int)row![0]!] = (long?)row[1] ?? NoOffset;
        }
        return offsets;
    }

    public Task CreateTopicAsync(string topic, int partitions = 1, object? configs = null) =>
        CallAsync("createTopic", new { topic, partitions, configs });
}
