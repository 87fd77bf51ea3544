namespace OrleansBroker.Client.Benchmarks;

/// <summary>What an application does all day, as fast as it goes.</summary>
internal static class Load
{
    /// <summary>Deliveries that are awaited together.</summary>
    private const int Window = 10_000;

    /// <param name="awaits">Whether each record's delivery is awaited, or told to a delegate.</param>
    public static async Task<Measurement> ProduceAsync(string broker, string topic, int count, int size, bool awaits)
    {
        await using var client = new KafkaClient(new ClientOptions { BootstrapServers = broker });
        await using var producer = client.CreateProducer<Null, ReadOnlyMemory<byte>>();
        var value = new byte[size];
        new Random(1).NextBytes(value);
        await ProduceAsync(producer, topic, value, count / 10, awaits);
        var measuring = new Measurement(count);
        await ProduceAsync(producer, topic, value, count, awaits);
        return measuring.End();
    }

    public static async Task<Measurement> ConsumeAsync(string broker, string topic, int count)
    {
        await using var client = new KafkaClient(new ClientOptions { BootstrapServers = broker });
        await using var consumer = client.CreateConsumer<Null?, int>(valueDeserializer: new Length());
        consumer.Assign([new TopicPartitionOffset(topic, 0, Offset.Beginning)]);
        await ReadAsync(consumer, count / 10);
        var measuring = new Measurement(count - (count / 10));
        await ReadAsync(consumer, count - (count / 10));
        return measuring.End();
    }

    private static async Task ProduceAsync(Producer<Null, ReadOnlyMemory<byte>> producer, string topic, ReadOnlyMemory<byte> value, int count, bool awaits)
    {
        var delivered = 0;
        Action<DeliveryReport> handler = report => delivered += report.IsDelivered ? 1 : throw new InvalidOperationException("a record was not delivered", report.Error);
        var message = new Message<Null, ReadOnlyMemory<byte>> { Value = value };
        if (awaits)
        {
            await AwaitAllAsync(producer, topic, message, count);
            return;
        }

        for (var i = 0; i < count; i++)
        {
            await producer.EnqueueAsync(topic, message, handler);
        }

        await producer.FlushAsync();
        if (delivered != count)
        {
            throw new InvalidOperationException($"{delivered} of {count} records were delivered");
        }
    }

    private static async Task AwaitAllAsync(Producer<Null, ReadOnlyMemory<byte>> producer, string topic, Message<Null, ReadOnlyMemory<byte>> message, int count)
    {
        var window = new ValueTask<DeliveryResult>[Window];
        for (var i = 0; i < count + Window; i++)
        {
            if (i >= Window && i - Window < count)
            {
                await window[i % Window];
            }

            if (i < count)
            {
#pragma warning disable CA2012 // Each is awaited once, when its place is needed again.
                window[i % Window] = producer.ProduceAsync(topic, message);
#pragma warning restore CA2012
            }
        }
    }

    private static async Task ReadAsync(Consumer<Null?, int> consumer, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await consumer.ConsumeAsync();
        }
    }

    // What a record costs without what an application makes of it.
    private sealed class Length : IDeserializer<int>
    {
        public int Deserialize(ReadOnlySpan<byte> data, SerializationContext context) => data.Length;
    }
}
