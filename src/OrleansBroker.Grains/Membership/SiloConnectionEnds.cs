// Runs where Orleans runs its connections.
#pragma warning disable RS0030

using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace OrleansBroker.Grains.Membership;

/// <summary>Tells <see cref="Refusals"/> of connections between silos that end, of which there is at least one between any two.</summary>
internal static class SiloConnectionEnds
{
    // Shorter ones were only to see who listens, as those of Refusals itself.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    public static void Watch(SiloConnectionOptions options)
    {
        options.ConfigureSiloOutboundConnection(Watch);
        options.ConfigureSiloInboundConnection(Watch);
    }

    private static void Watch(IConnectionBuilder connections)
    {
        var services = connections.ApplicationServices;
        var clock = services.GetRequiredService<TimeProvider>();
        connections.Use(next => async connection =>
        {
            var began = clock.GetTimestamp();
            try
            {
                await next(connection);
            }
            finally
            {
                if (connection.RemoteEndPoint is IPEndPoint remote && clock.GetElapsedTime(began) >= Shortest)
                {
                    _ = Task.Run(() => services.GetRequiredService<Refusals>().ConnectionEndedAsync(remote.Address.IsIPv4MappedToIPv6 ? remote.Address.MapToIPv4() : remote.Address));
                }
            }
        });
    }
}
