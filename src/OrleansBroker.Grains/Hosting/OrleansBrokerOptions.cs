namespace OrleansBroker.Grains.Hosting;

/// <summary>A broker that is a silo.</summary>
public sealed class OrleansBrokerOptions
{
    /// <summary>The name of the grain storage that keeps the documents, where the options name none.</summary>
    public const string DefaultStorage = "OrleansBroker";

    /// <summary>This broker's number, unique in the cluster and the same in every life; the silo is named after it. Has to be given unless the broker is alone.</summary>
    public int? BrokerId { get; set; }

    /// <summary>Where records are kept: a directory of this broker alone.</summary>
    public string DataDirectory { get; set; } = "data";

    /// <summary>Where clients connect, as HOST:PORT; port 0 picks a free one.</summary>
    public string Listen { get; set; } = "127.0.0.1:9092";

    /// <summary>What clients and other brokers are told to connect to, as HOST:PORT; null tells them <see cref="Listen"/>.</summary>
    public string? Advertise { get; set; }

    public string? Rack { get; set; }

    /// <summary>The grain storage that keeps the cluster's documents; null keeps them in files below <see cref="DataDirectory"/>, for a broker that is alone.</summary>
    public string? Storage { get; set; } = DefaultStorage;

    /// <summary>Broker configurations by Kafka's names.</summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>();
}
