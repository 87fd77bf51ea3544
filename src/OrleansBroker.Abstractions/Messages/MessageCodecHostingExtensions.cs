using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Serializers;

namespace OrleansBroker.Abstractions.Messages;

public static class MessageCodecHostingExtensions
{
    /// <summary>Has a silo, or a client of one, carry the broker's messages.</summary>
    public static ISerializerBuilder AddOrleansBrokerMessages(this ISerializerBuilder serializer)
    {
        var services = serializer.Services;
        if (services.Any(service => service.ServiceType == typeof(MessageCodec)))
        {
            return serializer;
        }

        services.TryAddSingleton<MessageVersion>();
        services.AddSingleton<MessageCodec>();
        services.AddSingleton<IGeneralizedCodec>(provider => provider.GetRequiredService<MessageCodec>());
        services.AddSingleton<IGeneralizedCopier>(provider => provider.GetRequiredService<MessageCodec>());
        services.AddSingleton<ITypeFilter>(provider => provider.GetRequiredService<MessageCodec>());
        return serializer.Configure(options => options.WellKnownTypeIds[MessageCodec.WellKnownTypeId] = typeof(MessageCodec));
    }
}
