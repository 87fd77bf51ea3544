using OrleansBroker.Client.Metadata;

namespace OrleansBroker.Client;

/// <summary>
/// A Kafka cluster, as an application sees it: the connections and the metadata that its producers, consumers and
/// administration share. Nothing is dialled before it is needed. Dispose of what was created from it first.
/// </summary>
public sealed class KafkaClient : IAsyncDisposable
{
    private readonly Cluster _cluster;

    /// <exception cref="ArgumentException">The options cannot be used.</exception>
    public KafkaClient(ClientOptions options) => _cluster = new Cluster(options);

    internal Cluster Cluster => _cluster;

    /// <param name="keySerializer">Null for the one of <see cref="Serializers"/> for the type.</param>
    /// <param name="valueSerializer">Null for the one of <see cref="Serializers"/> for the type.</param>
    /// <exception cref="ArgumentException">The options contradict each other, or a type has no serializer of its own.</exception>
    public Producer<TKey, TValue> CreateProducer<TKey, TValue>(
        ProducerOptions? options = null,
        ISerializer<TKey>? keySerializer = null,
        ISerializer<TValue>? valueSerializer = null) =>
        new(_cluster, options ?? new ProducerOptions(), keySerializer, valueSerializer);

    /// <param name="keyDeserializer">Null for the one of <see cref="Deserializers"/> for the type.</param>
    /// <param name="valueDeserializer">Null for the one of <see cref="Deserializers"/> for the type.</param>
    /// <exception cref="ArgumentException">The options are out of range, or a type has no deserializer of its own.</exception>
    public Consumer<TKey, TValue> CreateConsumer<TKey, TValue>(
        ConsumerOptions? options = null,
        IDeserializer<TKey>? keyDeserializer = null,
        IDeserializer<TValue>? valueDeserializer = null) =>
        new(_cluster, options ?? new ConsumerOptions(), keyDeserializer, valueDeserializer);

    public ValueTask DisposeAsync()
    {
        _cluster.Dispose();
        return ValueTask.CompletedTask;
    }
}
