using System.Buffers.Binary;
using System.Collections.Frozen;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Messages;

/// <summary>Every message that goes from silo to silo: the requests and responses of all APIs, and those that are listed here.</summary>
internal static class CarriedMessages
{
    // Keys are never given to another message.
    private static readonly (Type Type, CarriedMessage Message)[] All =
    [
        .. typeof(IRequest).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IRequest))).SelectMany(OfApi),
        Of<PeerFrame>(1),
        Of<BrokerIntroduction>(2),
        Of<AppendRequest>(3),
        Of<AppendResponse>(4),
        Of<ReadRequest>(5),
        Of<ReadResponse>(6),
        Of<FindOffsetRequest>(7),
        Of<FindOffsetResponse>(8),
        Of<ReplicaDescription>(9),
    ];

    private static readonly FrozenDictionary<Type, CarriedMessage> ByType = All.ToFrozenDictionary(each => each.Type, each => each.Message);

    private static readonly FrozenDictionary<(byte Kind, short Key), CarriedMessage> ByKey = ByType.Values.ToFrozenDictionary(each => ((byte)each.Kind, each.Key));

    public static IEnumerable<Type> Types => ByType.Keys;

    public static bool Has(Type type) => ByType.ContainsKey(type);

    public static CarriedMessage Of(Type type) => ByType[type];

    /// <param name="bytes">Kept by the message: not to be used again.</param>
    /// <exception cref="MalformedMessageException">They are no message, or one of a later build.</exception>
    public static object Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < CarriedMessage.HeaderBytes)
        {
            throw new MalformedMessageException($"a message of {bytes.Length} bytes from another silo");
        }

        var (kind, key) = (bytes.Span[0], BinaryPrimitives.ReadInt16BigEndian(bytes.Span[1..]));
        return ByKey.TryGetValue((kind, key), out var message)
            ? message.Read(bytes[CarriedMessage.HeaderBytes..], BinaryPrimitives.ReadInt16BigEndian(bytes.Span[3..]))
            : throw new MalformedMessageException($"a message of kind {kind}, key {key}, from another silo is not known to this build");
    }

    /// <summary>A message of its own, in the fields that travel: who handles a request may write to it.</summary>
    public static T Copy<T>(T message)
        where T : notnull
    {
        using var bytes = new PooledBuffer();
        Of(message.GetType()).Write(message, bytes);
        return (T)Read(bytes.Span.ToArray());
    }

    private static (Type, CarriedMessage) Of<T>(short key)
        where T : class, IWireStruct, new() => (typeof(T), new CarriedMessageOf<T>(MessageKind.Other, key, api: null));

    private static (Type, CarriedMessage)[] OfApi(Type request)
    {
        var response = request.GetInterfaces().Single(each => each.IsGenericType).GetGenericArguments()[0];
        var api = (ApiDescription)request.GetProperty(nameof(IRequest.Api))!.GetValue(null)!;
        return [(request, Of(request, MessageKind.Request, api)), (response, Of(response, MessageKind.Response, api))];
    }

    private static CarriedMessage Of(Type type, MessageKind kind, ApiDescription api) =>
        (CarriedMessage)Activator.CreateInstance(typeof(CarriedMessageOf<>).MakeGenericType(type), kind, (short)api.Key, api)!;
}
